package chat.server.replication;

import java.util.ArrayList;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a server says of itself and of the others to operators and clients, and who acts as primary
 * as far as it can tell. Nothing here decides anything. Confined to whoever drives the replica.
 */
final class StatusBoard {
  private final Core core;
  private final BullyElection election;
  private final CrashEvidence evidence;
  private final Catchup catchup;
  private final Admission admission;
  private @Nullable Status last;
  private long builtAt;
  private int key;

  StatusBoard(
      Core core,
      BullyElection election,
      CrashEvidence evidence,
      Catchup catchup,
      Admission admission) {
    this.core = core;
    this.election = election;
    this.evidence = evidence;
    this.catchup = catchup;
    this.admission = admission;
  }

  /**
   * The status if it has changed. Building it is dear on the path of every message: at once only
   * when a role may have changed.
   *
   * @param role of this server as primary, if it has that
   */
  @Nullable Status changed(@Nullable PrimaryRole role) {
    int next =
        Objects.hash(
            core.view().ballot(),
            core.frozen(),
            role != null && role.active(),
            role != null && role.takesProposals(),
            core.left);
    if (next == key && core.now - builtAt < core.settings.heartbeatInterval() / 10) {
      return null;
    }
    key = next;
    builtAt = core.now;
    Status status = status(role);
    boolean news = !status.equals(last);
    last = status;
    return news ? status : null;
  }

  /** Who acts as primary of the newest view known, as far as heard lately. */
  @Nullable ServerId actingPrimary(@Nullable PrimaryRole role) {
    View newest = core.newestView();
    if (newest.primary().equals(core.self)) {
      return role != null && role.active() ? core.self : null;
    }
    Peers.Peer peer = core.peers.get(newest.primary());
    Report report = peer == null ? null : peer.report;
    boolean acting =
        peer != null
            && report != null
            && report.active()
            && report.view().ballot().equals(newest.ballot())
            && peer.heardWithin(core.now, core.settings.leaseTimeout())
            && !(newest.ballot().equals(core.view().ballot()) && evidence.isProven(peer.id));
    return acting ? newest.primary() : null;
  }

  private Status status(@Nullable PrimaryRole role) {
    View newest = core.newestView();
    ServerId acting = actingPrimary(role);
    boolean own = role != null && newest.ballot().equals(core.view().ballot());
    SortedMap<ServerId, Status.Server> servers = new TreeMap<>();
    servers.put(
        core.self,
        new Status.Server(
            ownRole(newest, role),
            true,
            core.log.durable().index(),
            core.appliedIndex,
            core.identity.address(),
            core.diskLow));
    for (Peers.Peer peer : core.peers.all()) {
      servers.put(peer.id, seen(peer, newest, acting));
    }
    return new Status(
        ownRole(newest, role),
        newest,
        acting,
        own && role != null && role.serves(),
        own && role != null && !role.takesProposals(),
        new ArrayList<>(election.waitingFor()),
        servers,
        admission.refusals());
  }

  private Status.Role ownRole(View newest, @Nullable PrimaryRole role) {
    if (newest.names(core.self, core.incarnation) && !core.left) {
      boolean primaryHere = role != null && role.serves();
      return primaryHere ? Status.Role.PRIMARY : Status.Role.BACKUP;
    }
    return catchup.teacher() != null ? Status.Role.LEARNER : Status.Role.RECOVERING;
  }

  private Status.Server seen(Peers.Peer peer, View newest, @Nullable ServerId acting) {
    Report report = peer.report;
    // The proof of a crash goes with the view, and what was heard last is younger than that.
    boolean reachable = peer.heardWithin(core.now, core.settings.leaseTimeout()) && !peer.crashed;
    Status.Role role;
    if (!reachable || report == null) {
      role = Status.Role.UNREACHABLE;
    } else if (peer.id.equals(acting)) {
      role = Status.Role.PRIMARY;
    } else if (newest.names(peer.id, peer.incarnation)) {
      role = Status.Role.BACKUP;
    } else {
      role = acting != null ? Status.Role.LEARNER : Status.Role.RECOVERING;
    }
    return new Status.Server(
        role,
        reachable,
        report == null ? 0 : report.durable().index(),
        report == null ? 0 : report.appliedIndex(),
        report == null ? "" : report.address(),
        report != null && report.diskLow());
  }
}
