package chat.server.transport;

import static chat.server.transport.RefusedMessageException.unwelcome;

import chat.replication.v1.FetchSnapshotRequest;
import chat.replication.v1.FetchSnapshotResponse;
import chat.replication.v1.SnapshotEnd;
import chat.server.replication.Cluster;
import chat.server.replication.Envelope;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Snapshots for peers: who gets one, and how it is sent. */
final class WireSnapshots {
  private static final Logger logger = LoggerFactory.getLogger(WireSnapshots.class);

  private WireSnapshots() {}

  /** Refuses a request for another state than this server's. */
  static void requireWanted(PeerGate gate, FetchSnapshotRequest wire, Cluster mine)
      throws RefusedMessageException {
    WireHeaders.Addressed asked = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    Envelope.Header header = asked.header();
    gate.admit(header.from(), asked.to(), false);
    if (!mine.isBorn()) {
      throw unwelcome("this server has no state to give: it belongs to no cluster yet");
    }
    boolean any = header.clusterId().isEmpty();
    if (!any && !header.clusterId().equals(mine.id())) {
      throw unwelcome(
          "server "
              + header.from()
              + " belongs to the cluster "
              + header.clusterId()
              + ", this one to "
              + mine.id());
    }
    if (!any && header.lineage() != mine.lineage()) {
      throw unwelcome(
          "server "
              + header.from()
              + " asks for lineage "
              + header.lineage()
              + ", this one's is "
              + mine.lineage());
    }
    logger.info("server {} asks for a snapshot", header.from());
  }

  /**
   * Sends one; to be called before the method that serves the call returns. One is written at a
   * time: a caller that is gone and asks anew does not fill this server's disk.
   *
   * @param turns held while it is written
   */
  static void send(
      SnapshotSource source,
      ReentrantLock turns,
      ServerCallStreamObserver<FetchSnapshotResponse> call) {
    turns.lock();
    try {
      if (call.isCancelled()) {
        return;
      }
      // Whose state it is does not change while this server runs.
      FetchSnapshotResponse first =
          FetchSnapshotResponse.newBuilder().setCluster(WireViews.encode(source.cluster())).build();
      FileSending.start(
          call,
          source.snapshot(),
          piece -> FetchSnapshotResponse.newBuilder().setData(piece).build(),
          (size, crc) ->
              FetchSnapshotResponse.newBuilder()
                  .setEnd(SnapshotEnd.newBuilder().setSizeBytes(size).setCrc32C(crc))
                  .build());
      call.onNext(first);
    } catch (IOException | RuntimeException e) {
      logger.warn("no snapshot for a peer", e);
      call.onError(Status.UNAVAILABLE.withDescription(e.getMessage()).asException());
    } finally {
      turns.unlock();
    }
  }
}
