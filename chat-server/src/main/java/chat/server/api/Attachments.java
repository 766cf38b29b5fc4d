package chat.server.api;

import chat.server.chat.Command;
import chat.server.chat.Outcome;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the replicated state's idea of open streams true: attaches, detaches (again, until it is
 * done, or an account would look logged in for ever), and ends what an earlier primary left behind.
 * Thread-safe.
 */
final class Attachments {
  private static final Logger log = LoggerFactory.getLogger(Attachments.class);

  private final Proposals proposals;
  private final Limits limits;

  /** To be detached, not known to be done; by stream id. */
  private final Map<Long, SessionKey> leaving = new ConcurrentHashMap<>();

  /** Of those, the ones whose command is on its way. */
  private final Map<Long, Boolean> proposed = new ConcurrentHashMap<>();

  /** 0 while this server is not primary. */
  private volatile long reign;

  private volatile long reignSinceNanos;
  private volatile boolean grace;
  private volatile boolean expiring;

  Attachments(Proposals proposals, Limits limits) {
    this.proposals = proposals;
    this.limits = limits;
  }

  CompletableFuture<Outcome> attach(SessionKey session, long streamId) {
    return proposals.propose(
        new Command.AttachStream(proposals.nowMicros(), session.hash(), streamId, reign));
  }

  /** Sees to it that the state counts the stream as open no longer, if it does. Never blocks. */
  void detach(SessionKey session, long streamId) {
    if (reign == 0) {
      // The next primary's grace ends it.
      return;
    }
    leaving.put(streamId, session);
    proposeDetach(streamId, session);
  }

  /** A stream was attached that nobody here has; if it is of this reign, its client has gone. */
  void orphaned(Command.AttachStream attach) {
    if (reign != 0 && attach.reign() == reign) {
      detach(SessionKey.ofHash(attach.tokenHash()), attach.streamId());
    }
  }

  void becamePrimary(long newReign) {
    if (reign != 0) {
      // Still in office: under a new number its own streams would look like left-overs.
      return;
    }
    leaving.clear();
    reignSinceNanos = System.nanoTime();
    grace = true;
    reign = newReign;
  }

  void lostPrimary() {
    reign = 0;
    grace = false;
    leaving.clear();
  }

  /** Whether streams of the last primary still count as open. */
  boolean inGrace() {
    return grace;
  }

  void tick(long nowNanos) {
    if (reign == 0) {
      return;
    }
    leaving.forEach(this::proposeDetach);
    if (grace && !expiring && nowNanos - reignSinceNanos > limits.attachmentGrace().toNanos()) {
      expireOthers();
    }
  }

  private void expireOthers() {
    long current = reign;
    expiring = true;
    var unused =
        proposals
            .propose(new Command.ExpireStreams(proposals.nowMicros(), current))
            .whenComplete(
                (outcome, failure) -> {
                  expiring = false;
                  if (failure != null) {
                    log.debug("Streams of other reigns stay for now: {}", failure.toString());
                  } else if (reign == current) {
                    grace = false;
                  }
                });
  }

  private void proposeDetach(long streamId, SessionKey session) {
    if (proposed.putIfAbsent(streamId, true) != null) {
      return;
    }
    var unused =
        proposals
            .propose(new Command.DetachStream(proposals.nowMicros(), session.hash(), streamId))
            .whenComplete(
                (outcome, failure) -> {
                  proposed.remove(streamId);
                  if (failure == null) {
                    leaving.remove(streamId);
                  } else {
                    log.debug("Stream {} is not detached yet: {}", streamId, failure.toString());
                  }
                });
  }
}
