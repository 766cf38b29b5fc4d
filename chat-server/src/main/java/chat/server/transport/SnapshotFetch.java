package chat.server.transport;

import chat.replication.v1.FetchSnapshotRequest;
import chat.replication.v1.FetchSnapshotResponse;
import chat.replication.v1.ReplicationServiceGrpc;
import chat.server.replication.Cluster;
import chat.server.replication.Envelope;
import chat.server.replication.Incarnation;
import chat.server.replication.ServerId;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/** A snapshot from a peer, over a connection of its own. Stateless. */
public final class SnapshotFetch {
  private static final long CLOSING_MILLIS = 500;

  private SnapshotFetch() {}

  /**
   * Fetches a snapshot into a new file, forced. Waits for it.
   *
   * @param security how the two prove who they are
   * @param header who asks, and of which cluster and lineage a state is wanted
   * @return whose state it is
   * @throws IOException in words, if that server gives none or it does not arrive whole
   */
  public static Cluster fetch(
      ServerId peer,
      InetSocketAddress address,
      PeerSecurity security,
      Envelope.Header header,
      Duration deadline,
      Path file)
      throws IOException {
    ManagedChannel channel =
        security
            .connectTo(peer, address)
            .proxyDetector(target -> null)
            .disableRetry()
            .maxInboundMessageSize(GrpcPeerNetwork.MESSAGE_BYTES_MAX)
            // A peer that is gone without a word is noticed long before the deadline.
            .keepAliveTime(10, TimeUnit.SECONDS)
            .keepAliveTimeout(5, TimeUnit.SECONDS)
            .build();
    try (IncomingFile arriving = new IncomingFile(file)) {
      return receive(
          ReplicationServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS)
              .fetchSnapshot(
                  FetchSnapshotRequest.newBuilder()
                      .setHeader(WireHeaders.encode(header, peer, Incarnation.NONE, 0))
                      .build()),
          arriving);
    } catch (StatusRuntimeException e) {
      throw new IOException(words(e.getStatus()), e);
    } catch (RefusedMessageException e) {
      throw new IOException("it does not send what a snapshot is: " + e.getMessage(), e);
    } finally {
      channel.shutdownNow();
      try {
        channel.awaitTermination(CLOSING_MILLIS, TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static String words(Status status) {
    String why = status.getDescription();
    // Servers refuse in words; gRPC itself says "io exception".
    return why != null && status.getCause() == null
        ? why
        : "it does not answer (" + status.getCode() + ")";
  }

  private static Cluster receive(Iterator<FetchSnapshotResponse> responses, IncomingFile arriving)
      throws IOException, RefusedMessageException {
    Cluster cluster = Cluster.UNBORN;
    while (responses.hasNext()) {
      FetchSnapshotResponse part = responses.next();
      switch (part.getPartCase()) {
        case CLUSTER -> cluster = WireViews.decode(part.getCluster(), "cluster");
        case DATA -> arriving.add(part.getData());
        case END -> arriving.finish(part.getEnd().getSizeBytes(), part.getEnd().getCrc32C());
        case PART_NOT_SET -> throw RefusedMessageException.malformed("a part is missing");
      }
    }
    if (!arriving.isWhole() || !cluster.isBorn()) {
      throw new IOException("it ended before the snapshot was whole");
    }
    return cluster;
  }
}
