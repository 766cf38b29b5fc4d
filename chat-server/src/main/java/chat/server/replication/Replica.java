package chat.server.replication;

import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One server's part in the replication protocol, as a state machine without I/O: what happens goes
 * in, {@link #ready} says what to do. The rules R1 to R18 are in DESIGN-NOTE.md beside this file.
 *
 * <p>Roles, and what moves between them:
 *
 * <pre>
 * RECOVERING  started, or left out; no acting primary known that would teach it
 *   -> LEARNER   an acting primary of a newer view is heard: copies its log, asks to join
 *   -> PRIMARY/BACKUP  a view is installed that names this server as it runs
 * LEARNER     -> BACKUP   taken into the next view
 * BACKUP      -> PRIMARY  a view is installed that names it primary, by every member
 * PRIMARY     -> BACKUP   a view is installed that names another
 * any         -> RECOVERING  a newer view is known that is without it
 * </pre>
 *
 * <p>Time is whatever the caller passes, in nanoseconds, never going back. Confined to one thread.
 */
public final class Replica {
  /**
   * What the disk holds of the log.
   *
   * @param committed the position up to which the log is known to be committed
   * @param tail the entries after it
   */
  public record RestoredLog(LogPosition committed, List<Entry> tail) {
    /** Of an empty disk. */
    public static final RestoredLog EMPTY = new RestoredLog(LogPosition.START, List.of());
  }

  private final Core core;
  private final Leases leases;
  private final CrashEvidence evidence;
  private final LogAdoption adoption;
  private final Acceptor acceptor;
  private final Catchup catchup;
  private final Admission admission;
  private final Reconfiguration reconfiguration;
  private final StatusBoard board;
  private final Rounds rounds;
  private @Nullable PrimaryRole primary;

  /** Where the installed view began; null if all its members are known to have installed it. */
  private @Nullable LogPosition installedEnd;

  private long heartbeatAt;
  private long tickedAt;

  /** When somebody was last known to serve; the start counts. */
  private long servedAt;

  private boolean stateIsEmpty;

  private boolean heartbeatNow = true;

  /**
   * @param hard what was stored, with this start's incarnation already counted and on disk
   * @param restored what the log holds
   * @param random for jitter only; a given seed gives given behaviour
   * @param now the clock
   */
  public Replica(
      Identity identity,
      Settings settings,
      HardState hard,
      RestoredLog restored,
      RandomGenerator random,
      long now) {
    this(identity, settings, new ViewRules(), hard, restored, random, now);
  }

  Replica(
      Identity identity,
      Settings settings,
      ViewRules rules,
      HardState hard,
      RestoredLog restored,
      RandomGenerator random,
      long now) {
    LogTail log = new LogTail(restored.committed(), restored.tail());
    this.core = new Core(identity, settings, rules, random, hard, log, now);
    this.leases = new Leases(core);
    this.evidence = new CrashEvidence(core, leases);
    this.adoption = new LogAdoption(core);
    this.acceptor = new Acceptor(core, leases, evidence, adoption, this::installed);
    BullyElection election = new BullyElection(core, leases, evidence);
    this.catchup = new Catchup(core);
    this.admission = new Admission(core);
    this.reconfiguration = new Reconfiguration(core, admission);
    this.board = new StatusBoard(core, election, evidence, catchup, admission);
    this.rounds = new Rounds(core, acceptor, adoption, evidence, election, reconfiguration, board);
    this.heartbeatAt = now;
    this.tickedAt = now;
    this.servedAt = now;
    this.installedEnd = hard.view().cluster().isBorn() ? log.beginOf(hard.view().ballot()) : null;
  }

  /** Lets time pass. Call it at least every 20 ms; more often does no harm. */
  public void tick(long now) {
    core.now = now;
    if (core.left) {
      return;
    }
    if (now - tickedAt > 2 * core.settings.heartbeatInterval()) {
      leases.stalled();
      core.stalledAt = now;
    }
    tickedAt = now;
    leases.tick();
    evidence.tick();
    adoption.tick();
    acceptor.tick();
    suspectTheSilent();
    PrimaryRole role = primary;
    if (role != null) {
      role.tick();
    }
    catchup.tick();
    reconfiguration.tick(primary);
    followLaterLineage();
    if (core.left) {
      return;
    }
    if (now - heartbeatAt >= core.settings.heartbeatInterval()) {
      heartbeatNow = true;
    }
    decideWhetherToStand();
  }

  private void followLaterLineage() {
    Cluster later = admission.laterLineage();
    boolean nothingLost = stateIsEmpty && core.appliedIndex == core.log.last().index();
    if (board.actingPrimary(primary) != null && !nothingLost) {
      servedAt = core.now;
    } else if (later != null && core.now - servedAt > core.settings.changeTimeout()) {
      core.out.notice("an operator began lineage " + later.lineage() + " without this server");
      core.out.end(new Ready.Ending.LaterLineage(later));
      // At once: what it acknowledged from now on would be set aside with its disk.
      core.left = true;
      PrimaryRole role = primary;
      if (role != null) {
        role.failReads();
        primary = null;
      }
    }
  }

  private void suspectTheSilent() {
    for (ServerId member : core.view().members().keySet()) {
      Peers.Peer peer = core.peers.get(member);
      if (peer != null && !peer.heardWithin(core.now, 2 * core.settings.heartbeatInterval())) {
        evidence.suspect(member);
      }
    }
  }

  /** A message arrived. */
  public void receive(Envelope envelope, long now) {
    core.now = now;
    Envelope.Header header = envelope.header();
    Peers.Peer peer = core.peers.get(header.from());
    if (core.left || !admission.admits(envelope) || peer == null) {
      return;
    }
    core.peers.heard(peer, header.incarnation(), header.diskId(), now);
    evidence.heard(peer.id, header.incarnation());
    if (envelope.message() instanceof Message.Request request) {
      requested(envelope, request, peer);
    } else if (envelope.message() instanceof Message.Answer answer) {
      answered(envelope, answer, peer);
    }
    decideWhetherToStand();
  }

  private void requested(Envelope envelope, Message.Request request, Peers.Peer peer) {
    if (request instanceof Message.Heartbeat m) {
      reported(peer, m.report());
      boolean echo = leases.echo(peer.id, peer.incarnation, m.report().view().ballot());
      core.out.answer(envelope, new Message.HeartbeatAnswer(report(), m.sentAtNanos(), echo));
    } else if (request instanceof Message.AppendRequest m) {
      appendRequested(envelope, m);
    } else if (request instanceof Message.PromiseRequest m) {
      acceptor.promiseRequested(envelope, m);
      rounds.dropOvertaken();
    } else if (request instanceof Message.AcceptRequest m) {
      acceptor.acceptRequested(envelope, m);
      rounds.dropOvertaken();
    } else if (request instanceof Message.InstallRequest m) {
      acceptor.installRequested(envelope, m);
    } else if (request instanceof Message.FetchRequest m) {
      long upTo = m.upToIndex() > 0 ? m.upToIndex() : core.commitIndex();
      core.out.serve(envelope, m.after(), Math.min(upTo, core.log.last().index()));
    } else if (request instanceof Message.JoinRequest m) {
      if (primary != null) {
        primary.joinRequested(peer.id, m.durable());
      }
    } else if (request instanceof Message.StillHeardRequest m) {
      heartbeatNow |= evidence.question(envelope, m.target());
    } else if (request instanceof Message.Goodbye) {
      evidence.saidGoodbye(peer.id, peer.incarnation);
    }
  }

  private void answered(Envelope envelope, Message.Answer answer, Peers.Peer peer) {
    if (answer instanceof Message.HeartbeatAnswer m) {
      reported(peer, m.report());
      if (m.echo()
          && core.continuous()
          && core.view().names(peer.id, peer.incarnation)
          && m.report().view().ballot().equals(core.view().ballot())) {
        leases.echoed(peer.id, m.sentAtNanos());
        if (primary != null) {
          primary.confirmReads();
        }
      }
    } else if (answer instanceof Message.Appended m) {
      if (primary != null) {
        primary.appended(peer.id, peer.incarnation, m);
      }
    } else if (answer instanceof Message.Fetched m) {
      if (!adoption.fetched(peer.id, envelope.call(), m) && catchup.mayFetch()) {
        catchup.fetched(peer.id, envelope.call(), m);
      }
    } else if (answer instanceof Message.StillHeard m) {
      evidence.stillHeard(envelope.call(), m.target());
    } else {
      rounds.answered(envelope, answer);
    }
  }

  private void reported(Peers.Peer peer, Report report) {
    core.peers.reported(peer, report);
    core.knows(report.view());
    PrimaryRole role = primary;
    if (role != null) {
      role.reported(peer.id, peer.incarnation, report);
    }
    View view = core.view();
    boolean behind = view.ballot().isAfter(report.view().ballot());
    LogPosition end = installedEnd;
    if (behind && view.names(peer.id, peer.incarnation) && end != null) {
      // It missed the install; anybody who has the view may repeat it, since it is chosen.
      core.out.request(peer.id, new Message.InstallRequest(new Proposal(view, end)));
    }
    boolean leftOut =
        report.view().ballot().isAfter(view.ballot())
            && !report.view().names(core.self, core.incarnation);
    if (leftOut && role != null) {
      core.out.notice("left out of " + report.view() + ": no longer primary");
      role.failReads();
      primary = null;
      reconfiguration.lost();
    }
    boolean sameView = view.ballot().equals(report.view().ballot());
    if (sameView && report.active() && peer.id.equals(view.primary()) && core.continuous()) {
      core.commitTo(
          Math.max(core.commitIndex(), Math.min(report.commitIndex(), core.log.durable().index())));
    }
    acceptor.installedElsewhere(peer.id, report.view());
  }

  private void appendRequested(Envelope envelope, Message.AppendRequest m) {
    boolean ofMyPrimary =
        core.continuous()
            && !core.frozen()
            && m.view().equals(core.view().ballot())
            && envelope.from().equals(core.view().primary())
            && core.view().names(envelope.from(), envelope.header().incarnation())
            // Left out, and taught by the next primary since: this is the old one, or a late word.
            && !core.log.last().epoch().isAfter(m.view());
    if (!ofMyPrimary) {
      return;
    }
    takeOverFromPrimary(m);
    core.commitTo(Math.max(core.commitIndex(), Math.min(m.commitIndex(), core.log.last().index())));
    core.out.answer(envelope, new Message.Appended(m.view(), core.log.last().index()));
  }

  private void takeOverFromPrimary(Message.AppendRequest m) {
    LogPosition previous = m.previous();
    if (previous.index() > core.log.last().index()) {
      return; // A gap: the answer says up to where this log reaches, and the rest comes again.
    }
    for (Entry e : m.entries()) {
      LogPosition own = core.log.position(e.index());
      if (own != null && !own.equals(e.position())) {
        throw new InvariantViolation(
            "within " + core.view() + " this log has " + own + " and the primary's " + e);
      }
    }
    if (core.log.takeOver(previous, m.entries()) == null) {
      throw new InvariantViolation(
          "within " + core.view() + " the primary's entries do not follow " + previous);
    }
  }

  private void installed(Proposal value) {
    PrimaryRole before = primary;
    if (before != null) {
      before.failReads();
    }
    rounds.installed();
    installedEnd = value.end();
    core.out.notice("installed " + value.view() + " from " + value.end());
    boolean mine = value.view().primary().equals(core.self) && core.continuous();
    primary = mine ? new PrimaryRole(core, leases, value, before) : null;
    reconfiguration.installed(value.view(), primary);
    heartbeatNow = true;
  }

  private void decideWhetherToStand() {
    rounds.decideWhetherToStand(primary, installedEnd);
  }

  /**
   * Appends a command.
   *
   * @return where; or null if this server takes no writes now, with nothing appended. The command
   *     is committed when {@link Ready#commitIndex} reaches it and the entry there has this epoch.
   */
  public @Nullable LogPosition propose(byte[] payload, long now) {
    core.now = now;
    return primary == null ? null : primary.propose(payload);
  }

  /** Asks to read; {@link Ready#reads} or {@link Ready#failedReads} will name this id (R10). */
  public void read(long id, long now) {
    core.now = now;
    if (primary == null) {
      core.out.failRead(id);
    } else {
      primary.read(id);
    }
  }

  /**
   * Asks for a change (R8, R17); {@link Ready#changes} will say what came of it, under this id.
   * Only the acting primary makes any.
   */
  public void change(long id, Change change, long now) {
    core.now = now;
    reconfiguration.ask(id, change, primary);
    decideWhetherToStand();
  }

  /**
   * An operator says that a server's process is dead (R7). That is a proof like any other: it does
   * not say whether that server had gone on without this one before it died (R4).
   *
   * @return null if it was taken as a proof, else a sentence that says why not
   */
  public @Nullable String confirmCrashed(ServerId server, long now) {
    core.now = now;
    Peers.Peer peer = core.peers.get(server);
    if (peer == null) {
      return "server " + server + " is not another server of this cluster";
    }
    if (peer.heardWithin(now, core.settings.leaseTimeout())) {
      return "server " + server + " lives: it was heard less than a second ago";
    }
    if (!core.view().has(server)) {
      return "nobody waits for server " + server + ": it is not a member of " + core.view();
    }
    if (!core.continuous()) {
      return "this server has restarted since "
          + core.view()
          + " began, so it cannot tell what server "
          + server
          + " has acknowledged since: start that one, or force a new lineage";
    }
    evidence.confirmed(server);
    decideWhetherToStand();
    return null;
  }

  /** The connection to a server broke. */
  public void disconnected(ServerId server, long now) {
    core.now = now;
    if (primary != null) {
      primary.disconnected(server);
    }
    adoption.disconnected(server);
    catchup.disconnected(server);
    evidence.suspect(server);
  }

  /** The answer to {@link Ready#probes}: whether it was refused, three times running (R7). */
  public void probed(Ready.Probe probe, boolean refused, long now) {
    core.now = now;
    evidence.probed(probe.target(), probe.incarnation(), refused);
    decideWhetherToStand();
  }

  /** Whether this server's disk is nearly full; the others are told, and whoever proposes. */
  public void diskIsLow(boolean low) {
    core.diskLow = low;
  }

  /** The database follows up to here; for status only. */
  public void applied(long index) {
    core.appliedIndex = index;
  }

  /**
   * Whether nobody would miss what is applied. Then a later lineage is followed even from within a
   * serving view: it was begun by restoring a backup into this cluster.
   */
  public void mayBeReplaced(boolean isEmpty) {
    stateIsEmpty = isEmpty;
  }

  /** Says goodbye: this incarnation takes part in nothing any more (R7). */
  public void leave(long now) {
    core.now = now;
    if (!core.left) {
      if (primary != null) {
        primary.failReads();
      }
      core.left = true;
      for (ServerId other : core.others()) {
        core.out.request(other, new Message.Goodbye());
      }
    }
  }

  /** Everything that the last {@link #ready} gave to write is on disk. */
  public void persisted() {
    core.log.persisted();
    if (primary != null) {
      primary.commit();
    }
    core.log.trim();
  }

  /** Takes the work that is due. */
  public Ready ready() {
    PrimaryRole role = primary;
    if (role != null && !core.left) {
      role.flush();
      heartbeatNow |= role.wantsRound();
    }
    if (heartbeatNow && !core.left) {
      heartbeatNow = false;
      heartbeatAt = core.now;
      long stamp = core.nextHeartbeatStamp();
      for (ServerId other : core.others()) {
        core.out.request(other, new Message.Heartbeat(report(), stamp));
      }
    }
    return core.out.take(board.changed(primary));
  }

  /** Whether {@link #ready} has anything that should not wait for the next input. */
  public boolean hasWork() {
    // Who has left sends no heartbeats: one that was due is no work, or the caller never comes to
    // rest.
    return (heartbeatNow && !core.left) || core.log.hasUnwritten() || !core.out.isEmpty();
  }

  /** Whether this server is primary and may acknowledge what commits; for tests. */
  boolean takesWrites() {
    PrimaryRole role = primary;
    return role != null && role.takesWrites();
  }

  private Report report() {
    PrimaryRole role = primary;
    return core.report(role != null && role.active(), leases);
  }
}
