package chat.server.replication;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The part of every server that promises, accepts and installs (R3): an acceptor of one Paxos
 * instance a base. What it answers, it has on disk. Confined to whoever drives the replica.
 */
final class Acceptor {
  /** What others of this replica do when a view is installed. */
  interface Installation {
    void installed(Proposal value);
  }

  private final Core core;
  private final Leases leases;
  private final CrashEvidence evidence;
  private final LogAdoption adoption;
  private final Installation installation;
  private @Nullable Envelope waiting;

  /** When this server promised to another, for its patience with it. */
  private long promisedAt;

  Acceptor(
      Core core,
      Leases leases,
      CrashEvidence evidence,
      LogAdoption adoption,
      Installation installation) {
    this.core = core;
    this.leases = leases;
    this.evidence = evidence;
    this.adoption = adoption;
    this.installation = installation;
    this.promisedAt = core.now;
  }

  long promisedAt() {
    return promisedAt;
  }

  /**
   * Asked to promise; "not yet" (T_X, or the base is to be installed first) is kept and answered
   * when it becomes yes (R3, R4).
   */
  void promiseRequested(Envelope envelope, Message.PromiseRequest request) {
    core.sawCounter(request.ballot().counter());
    // Or what is accepted now, in that base, would take the place of the base itself.
    installedElsewhere(envelope.from(), request.base());
    if (core.left) {
      return;
    }
    if (!core.mayPromise(request.base().ballot(), request.ballot(), false)
        || !request.participants().contains(core.self)) {
      refuse(envelope, request.base().ballot(), request.ballot(), "promised or installed newer");
      return;
    }
    if (!hasInstalled(request.base()) || !mayLeaveOut(request)) {
      waiting = envelope;
      return;
    }
    waiting = null;
    adoption.cancel();
    promisedAt = core.now;
    core.promise(request.base().ballot(), request.ballot());
    core.out.answer(envelope, ownPromise(request.base().ballot(), request.ballot()));
  }

  /** What this server promises, told to itself as candidate or to another. */
  Message.Promise ownPromise(Epoch base, Epoch ballot) {
    boolean inBase = core.view().ballot().equals(base);
    HardState.Accepted accepted = core.hard().accepted();
    return new Message.Promise(
        base,
        ballot,
        core.view().ballot(),
        core.log.last(),
        inBase ? evidence.proofs().keySet() : Set.of(),
        inBase ? evidence.provenUnderLease() : Set.of(),
        accepted != null && accepted.base().equals(base) ? accepted : null);
  }

  private boolean hasInstalled(View base) {
    return core.rules.mayPromiseIn(base, core.self, core.view().ballot());
  }

  private boolean mayLeaveOut(Message.PromiseRequest request) {
    for (ServerId member : request.base().members().keySet()) {
      boolean concerned = !request.participants().contains(member) && !member.equals(core.self);
      if (concerned && !provenFor(request, member) && !leases.mayLeaveOut(member)) {
        return false;
      }
    }
    return true;
  }

  // The candidate's proofs will do here: what they say is true of the incarnation that the base
  // names, whoever found it. They are never lease-proofs of one's own. One's own are about the view
  // that is installed here; for whoever comes in that is not the base.
  private boolean provenFor(Message.PromiseRequest request, ServerId member) {
    boolean inBase = core.view().ballot().equals(request.base().ballot());
    Incarnation named = request.base().incarnationOf(member);
    Incarnation proven = request.proofs().get(member);
    return (inBase && evidence.isProven(member))
        || (named != null && proven != null && core.rules.isAbout(proven, named));
  }

  private void refuse(Envelope envelope, Epoch base, Epoch ballot, String reason) {
    Epoch highest = new Epoch(core.hard().highestCounter() << 8);
    core.out.answer(envelope, new Message.Refusal(base, ballot, core.view(), highest, reason));
  }

  /** Asked to accept: holds exactly that log first. */
  void acceptRequested(Envelope envelope, Message.AcceptRequest request) {
    core.sawCounter(request.ballot().counter());
    if (!core.mayPromise(request.base(), request.ballot(), true)) {
      refuse(envelope, request.base(), request.ballot(), "promised or installed newer");
      return;
    }
    promisedAt = core.now;
    boolean begun =
        adoption.start(
            request.value().end(),
            envelope.from(),
            () -> {
              // Fetching took time: a newer promise in between forbids it.
              if (core.mayPromise(request.base(), request.ballot(), true)) {
                core.accept(request.base(), request.ballot(), request.value());
                core.out.answer(envelope, new Message.Accepted(request.base(), request.ballot()));
              }
            });
    if (!begun) {
      refuse(envelope, request.base(), request.ballot(), "committed beyond that log's end");
    }
  }

  /** Told that a value was chosen. */
  void installRequested(Envelope envelope, Message.InstallRequest request) {
    View next = request.value().view();
    if (next.ballot().isAfter(core.view().ballot())) {
      learn(
          request.value(),
          envelope.from(),
          () -> core.out.answer(envelope, new Message.Installed(next.ballot())));
    } else {
      core.out.answer(envelope, new Message.Installed(core.view().ballot()));
    }
  }

  /**
   * Another server has installed a view. If this one has accepted it, then it was chosen, and may
   * be installed here too. Who installed it may have restarted since and not know where it began;
   * were it the only one, a majority that has accepted it could neither follow it nor succeed it.
   */
  void installedElsewhere(ServerId by, View view) {
    HardState.Accepted accepted = core.hard().accepted();
    if (accepted != null
        && accepted.value().view().equals(view)
        && view.ballot().isAfter(core.view().ballot())) {
      learn(accepted.value(), by, () -> {});
    }
  }

  /** Installs a value that was chosen, with its log; {@code then} runs when that is done. */
  private void learn(Proposal value, ServerId source, Runnable then) {
    View next = value.view();
    if (next.cluster().isBorn() && !next.cluster().disks().containsKey(core.self)) {
      if (core.isRemovedBy(next)) {
        core.removed();
      }
      return;
    }
    if (next.has(core.self) && !beyond(next)) {
      adoption.start(
          value.end(),
          source,
          () -> {
            if (next.ballot().isAfter(core.view().ballot())) {
              install(value);
              then.run();
            }
          });
    }
  }

  /** Whether this server has gone beyond that view already: then that install is a late one. */
  private boolean beyond(View next) {
    HardState.Accepted accepted = core.hard().accepted();
    return (accepted != null && !next.ballot().isAfter(accepted.base()))
        || core.log.floor().epoch().isAfter(next.ballot())
        || core.log.last().epoch().isAfter(next.ballot());
  }

  /**
   * Installs a chosen value whose log this server holds. One that restarted since it promised
   * installs too: it then is what it would be had it crashed right after installing, a member
   * without a vote (R5). Without this, a crash of all between accept and install would leave a
   * chosen view that nobody could ever succeed.
   */
  void install(Proposal value) {
    Envelope envelope = waiting;
    if (envelope != null
        && envelope.message() instanceof Message.PromiseRequest request
        && !request.base().equals(value.view())) {
      waiting = null;
    }
    adoption.cancel();
    core.install(value.view());
    leases.installed();
    evidence.installed();
    installation.installed(value);
  }

  void tick() {
    Envelope envelope = waiting;
    if (envelope != null && envelope.message() instanceof Message.PromiseRequest request) {
      if (!core.mayPromise(request.base().ballot(), request.ballot(), false)) {
        waiting = null;
      } else if (hasInstalled(request.base()) && mayLeaveOut(request)) {
        promiseRequested(envelope, request);
      }
    }
  }
}
