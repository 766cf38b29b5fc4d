package chat.server.replication;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Proofs that members of the installed view have crashed (R7), and the questions that lead to them.
 * Silence is no proof. Only a continuous member gathers any; they end with the view. Confined to
 * whoever drives the replica.
 */
final class CrashEvidence {
  private static final class Inquiry {
    final Incarnation incarnation;
    final long askedAt;
    boolean answered;
    boolean refused;
    boolean stillHeard;

    Inquiry(Incarnation incarnation, long askedAt) {
      this.incarnation = incarnation;
      this.askedAt = askedAt;
    }
  }

  private record Question(Envelope request, ServerId target, long until) {}

  private final Core core;
  private final Leases leases;
  private final Map<ServerId, Incarnation> proven = new HashMap<>();
  private final Set<ServerId> provenUnderLease = new HashSet<>();
  private final Map<ServerId, Long> provenAt = new HashMap<>();
  private final Map<ServerId, Inquiry> inquiries = new HashMap<>();
  private final Map<Long, ServerId> asked = new HashMap<>();
  private final List<Question> questions = new ArrayList<>();

  CrashEvidence(Core core, Leases leases) {
    this.core = core;
    this.leases = leases;
  }

  void installed() {
    proven.clear();
    provenUnderLease.clear();
    provenAt.clear();
    inquiries.clear();
    asked.clear();
  }

  boolean isProven(ServerId member) {
    return proven.containsKey(member);
  }

  /** When that was found out here; now if it is not proven. */
  long provenAt(ServerId member) {
    return provenAt.getOrDefault(member, core.now);
  }

  Map<ServerId, Incarnation> proofs() {
    return Map.copyOf(proven);
  }

  Set<ServerId> provenUnderLease() {
    return Set.copyOf(provenUnderLease);
  }

  /** The incarnation that the view names is dead, for certain. */
  private void prove(ServerId member, String how) {
    Incarnation incarnation = core.view().incarnationOf(member);
    if (incarnation == null || !core.continuous() || proven.containsKey(member)) {
      return;
    }
    proven.put(member, incarnation);
    provenAt.put(member, core.now);
    Peers.Peer peer = core.peers.get(member);
    if (peer != null && peer.incarnation.equals(incarnation)) {
      // Not if it is there again, which is the proof.
      peer.crashed = true;
    }
    if (leases.held()) {
      provenUnderLease.add(member);
    }
    core.out.notice(
        "server "
            + member
            + " (start "
            + incarnation
            + ") has crashed: "
            + how
            + (provenUnderLease.contains(member) ? "" : "; my lease had run out by then"));
  }

  /** Something arrived: a newer incarnation proves the older one dead (R5, R7). */
  void heard(ServerId from, Incarnation incarnation) {
    Incarnation named = core.view().incarnationOf(from);
    if (named != null && incarnation.compareTo(named) > 0 && !named.equals(Incarnation.NONE)) {
      prove(from, "it has started again");
    }
    for (Iterator<Question> i = questions.iterator(); i.hasNext(); ) {
      Question q = i.next();
      if (q.target().equals(from)) {
        core.out.answer(q.request(), new Message.StillHeard(from));
        i.remove();
      }
    }
  }

  /** The member stepped down for good and said so. */
  void saidGoodbye(ServerId from, Incarnation incarnation) {
    if (core.view().names(from, incarnation)) {
      prove(from, "it said goodbye");
    }
  }

  /** An operator says so, who looked: as true as any other proof, and no more than that (R7). */
  void confirmed(ServerId member) {
    prove(member, "an operator says so");
  }

  /** A reason to suspect a member: asks its life socket, and the others whether they hear it. */
  void suspect(ServerId member) {
    Incarnation incarnation = core.view().incarnationOf(member);
    if (incarnation == null
        || !core.continuous()
        || proven.containsKey(member)
        || inquiries.containsKey(member)) {
      return;
    }
    inquiries.put(member, new Inquiry(incarnation, core.now));
    core.out.probe(member, incarnation);
    for (ServerId other : core.others()) {
      if (!other.equals(member) && !proven.containsKey(other)) {
        asked.put(core.out.request(other, new Message.StillHeardRequest(member)), member);
      }
    }
  }

  /** The life socket's answer. */
  void probed(ServerId member, Incarnation incarnation, boolean refused) {
    Inquiry inquiry = inquiries.get(member);
    if (inquiry != null && core.rules.isAbout(incarnation, inquiry.incarnation)) {
      inquiry.answered = true;
      inquiry.refused = refused;
      judge(member, inquiry);
    }
  }

  /** Another member hears the suspect. */
  void stillHeard(long call, ServerId target) {
    ServerId member = asked.get(call);
    Inquiry inquiry = member == null ? null : inquiries.get(member);
    if (inquiry != null && target.equals(member)) {
      inquiry.stillHeard = true;
    }
  }

  /**
   * Another member asks. Whether anything of the target still arrives is found out fastest by
   * asking it for something; what counts is that it arrives after the question.
   *
   * @return whether a heartbeat to the target should go out at once
   */
  boolean question(Envelope request, ServerId target) {
    Peers.Peer peer = core.peers.get(target);
    if (peer == null) {
      return false;
    }
    questions.add(new Question(request, target, core.now + core.settings.stillHeardWindow()));
    return true;
  }

  /**
   * Judges what is due; an inquiry that proved nothing is forgotten, so that it can be repeated.
   */
  void tick() {
    questions.removeIf(q -> core.now > q.until());
    for (Map.Entry<ServerId, Inquiry> e : List.copyOf(inquiries.entrySet())) {
      judge(e.getKey(), e.getValue());
    }
    if (core.settings.assumeCrashed()) {
      assumeTheSilentCrashed();
    }
  }

  /**
   * Where an operator has said that no partition can happen, whoever is silent for T_X is dead, and
   * cannot have gone on without this server either, so a lease would have told nothing more.
   */
  private void assumeTheSilentCrashed() {
    for (ServerId member : core.view().members().keySet()) {
      Peers.Peer peer = core.peers.get(member);
      long silence = peer == null ? 0 : core.now - Math.max(peer.heardAt, core.stalledAt);
      if (peer != null
          && peer.heard
          && silence > core.settings.exclusionTimeout()
          && !proven.containsKey(member)) {
        prove(member, "it has been silent, and silence is taken for a crash here");
        provenUnderLease.addAll(proven.keySet());
      }
    }
  }

  private void judge(ServerId member, Inquiry inquiry) {
    boolean windowOver = core.now - inquiry.askedAt >= core.settings.stillHeardWindow();
    if (!inquiry.answered || !windowOver) {
      return;
    }
    inquiries.remove(member);
    asked.values().removeIf(member::equals);
    if (core.rules.refusalProves(inquiry.refused, inquiry.stillHeard)) {
      prove(member, "its host refuses connections to its life socket");
    }
  }
}
