package chat.server.replication;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects the work of one {@link Ready}. Confined to whoever drives the replica. */
final class Outbox {
  private final Core core;
  private List<Envelope> sendFirst = new ArrayList<>();
  private List<Envelope> send = new ArrayList<>();
  private List<Ready.Fetch> fetches = new ArrayList<>();
  private List<Ready.Probe> probes = new ArrayList<>();
  private List<Ready.Read> reads = new ArrayList<>();
  private List<Long> failedReads = new ArrayList<>();
  private List<String> notices = new ArrayList<>();
  private List<Ready.Changed> changes = new ArrayList<>();
  private Ready.@Nullable Ending ending;
  private boolean hardStateDirty;
  private long calls;
  private long readyCommit;

  Outbox(Core core) {
    this.core = core;
  }

  /** Sends a request once everything that this step changed is on disk. Returns its call. */
  long request(ServerId to, Message.Request message) {
    send.add(envelope(to, Incarnation.NONE, ++calls, message));
    return calls;
  }

  /** Sends entries while this server's own disk works on them. */
  void append(ServerId to, Message.AppendRequest message) {
    sendFirst.add(envelope(to, Incarnation.NONE, ++calls, message));
  }

  /** Answers a request once everything that this step changed is on disk. */
  void answer(Envelope request, Message.Answer message) {
    send.add(envelope(request.from(), request.header().incarnation(), request.call(), message));
  }

  void serve(Envelope request, LogPosition after, long upToIndex) {
    Envelope answer =
        envelope(
            request.from(),
            request.header().incarnation(),
            request.call(),
            new Message.Fetched(after, List.of(), core.commitIndex(), 0));
    fetches.add(new Ready.Fetch(after, upToIndex, core.settings.batchBytesMax(), answer));
  }

  void probe(ServerId target, Incarnation incarnation) {
    probes.add(new Ready.Probe(target, incarnation));
  }

  void confirmRead(long id, long index) {
    reads.add(new Ready.Read(id, index));
  }

  void failRead(long id) {
    failedReads.add(id);
  }

  /** A change that was asked for is made ({@code failure} null) or cannot be. */
  void changed(long id, @Nullable String failure) {
    changes.add(new Ready.Changed(id, failure));
  }

  /** This run cannot go on as it is; the first reason counts. */
  void end(Ready.Ending reason) {
    if (ending == null) {
      ending = reason;
    }
  }

  void notice(String text) {
    notices.add(text);
  }

  void hardStateChanged() {
    hardStateDirty = true;
  }

  private Envelope envelope(ServerId to, Incarnation toIncarnation, long call, Message message) {
    Cluster cluster = core.view().cluster();
    Envelope.Header header =
        new Envelope.Header(
            cluster.id(),
            cluster.lineage(),
            core.configuration(),
            core.self,
            core.identity.diskId(),
            core.incarnation,
            core.view().ballot());
    return new Envelope(header, to, toIncarnation, call, message);
  }

  /** Hands over what was collected, and starts anew. */
  Ready take(@Nullable Status status) {
    long truncation = core.log.takeTruncation();
    List<Entry> unwritten = core.log.takeUnwritten();
    Ready ready =
        new Ready(
            sendFirst,
            truncation,
            unwritten,
            truncation >= 0 || !unwritten.isEmpty(),
            hardStateDirty ? core.hard() : null,
            core.commitIndex(),
            send,
            fetches,
            probes,
            reads,
            failedReads,
            notices,
            changes,
            ending,
            status);
    sendFirst = new ArrayList<>();
    send = new ArrayList<>();
    fetches = new ArrayList<>();
    probes = new ArrayList<>();
    reads = new ArrayList<>();
    failedReads = new ArrayList<>();
    notices = new ArrayList<>();
    changes = new ArrayList<>();
    hardStateDirty = false;
    readyCommit = core.commitIndex();
    return ready;
  }

  boolean isEmpty() {
    return sendFirst.isEmpty()
        && send.isEmpty()
        && fetches.isEmpty()
        && probes.isEmpty()
        && reads.isEmpty()
        && failedReads.isEmpty()
        && notices.isEmpty()
        && changes.isEmpty()
        && !hardStateDirty
        && readyCommit == core.commitIndex();
  }
}
