package chat.server;

import chat.server.log.HardStateFile;
import chat.server.log.LogOptions;
import chat.server.log.SegmentedLog;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.Replica;
import chat.server.replication.View;
import chat.server.runtime.HardStateStore;
import chat.server.runtime.ReplicatedLog;
import chat.server.storage.DatabaseUnusableException;
import chat.server.storage.H2ChatState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a start finds on the disk: the hard state with this start counted and stored, the log, and a
 * database that agrees with it.
 */
record Recovery(
    HardState hardState,
    HardStateStore hardStates,
    ReplicatedLog log,
    H2ChatState state,
    Replica.RestoredLog restored) {
  /** Beside a database that may open again and fail again. */
  private static final String DISTRUSTED = "distrusted";

  /** One copy of many thousands is taken for the disk it was made of. */
  private static final int START_STEP_MAX = 1 << 16;

  private static final Logger logger = LoggerFactory.getLogger(Recovery.class);

  /** The log waits for two checkpoints of the database: not for most of what it may keep. */
  private static final int CHECKPOINTS_A_LOG = 8;

  /**
   * Opens everything. This start is counted and on the disk before anything else happens, so before
   * any socket but the life socket opens (R1).
   *
   * @throws UsageException if the hard state, or the log or its end, is missing
   * @throws StateLostException if the database is unusable and the log does not reach back far
   *     enough to build it anew
   */
  static Recovery open(ServerConfig config, DataDirectory directory) throws IOException {
    HardStateStore hardStates = new HardStateFile(directory.stateFile());
    Optional<HardState> kept = hardStates.load();
    if (kept.isEmpty()) {
      directory.requireNeverStarted();
    } else if (!kept.get().view().ballot().equals(Epoch.ZERO)) {
      directory.requireLog();
    }
    HardState stored =
        kept.orElseGet(() -> HardState.empty(View.unborn(config.cluster().members().keySet())));
    HardState counted = stored.withIncarnation(next(stored.incarnation()));
    hardStates.store(counted);
    ReplicatedLog log =
        SegmentedLog.open(
            directory.logDirectory(), LogOptions.ofSegmentBytes(config.limits().logSegmentBytes()));
    H2ChatState state;
    try {
      state =
          database(
              directory.databaseDirectory(),
              Math.max(1, config.limits().logKeepBytes() / CHECKPOINTS_A_LOG),
              log);
    } catch (IOException | RuntimeException e) {
      log.close();
      throw e;
    }
    // What the database has applied was committed, recorded in the log or not.
    long commitIndex = Math.max(log.recordedCommitIndex(), state.position().index());
    LogPosition committed =
        log.position(commitIndex)
            .orElseThrow(() -> new IOException("the log has no entry " + commitIndex));
    Replica.RestoredLog restored =
        new Replica.RestoredLog(
            committed, log.read(commitIndex, log.last().index(), Integer.MAX_VALUE));
    logger.info(
        "start {} in {}: log to {}, committed to {}, applied to {}",
        counted.incarnation(),
        counted.view(),
        log.last(),
        committed,
        state.position());
    return new Recovery(counted, hardStates, log, state, restored);
  }

  /**
   * Numbers of starts grow, with gaps that nobody foresees. By one, a disk put back as it was
   * before the last start, or before the first, would start under the number of that start, which a
   * view may still name; as it is, whoever has seen that start can tell the copy from it (R1, R5).
   */
  private static Incarnation next(Incarnation last) {
    return new Incarnation(last.value() + 1 + ThreadLocalRandom.current().nextInt(START_STEP_MAX));
  }

  /**
   * The database failed while it was in use: the next start builds it anew from the log or a
   * snapshot, if it can.
   */
  static void distrust(Path database) throws IOException {
    Files.writeString(database.resolve(DISTRUSTED), "it failed in use\n");
  }

  static boolean isDistrusted(Path database) {
    return Files.exists(database.resolve(DISTRUSTED));
  }

  /** Trusts a database again if it is, to the byte, what it was at its last checkpoint. */
  static void trustIfWhole(Path database) throws IOException {
    try {
      H2ChatState.verify(database);
      logger.warn("The database failed in use, but all of it is as it was written: it is used");
      Files.deleteIfExists(database.resolve(DISTRUSTED));
    } catch (DatabaseUnusableException | IOException e) {
      logger.warn("The database failed in use, and not all of it can be read: {}", e.getMessage());
    }
  }

  /**
   * A database that cannot be used, or is of another log, is thrown away and built anew (R18); if
   * the log begins too late for that, it stays.
   */
  private static H2ChatState database(Path path, long checkpointBytes, ReplicatedLog log)
      throws IOException {
    String wrong;
    if (isDistrusted(path)) {
      wrong = "The database failed in use";
    } else {
      try {
        H2ChatState state = H2ChatState.open(path, checkpointBytes);
        if (follows(state.position(), log)) {
          return state;
        }
        state.close();
        requireEnd(state.position(), log, path);
        wrong =
            "The database has applied "
                + state.position()
                + ", which the log, "
                + log.firstIndex()
                + " to "
                + log.last()
                + ", does not follow";
      } catch (DatabaseUnusableException e) {
        logger.warn("{}", e.getMessage(), e);
        wrong = "The database cannot be used";
      }
    }
    if (log.firstIndex() > 1) {
      throw new StateLostException(wrong, log.firstIndex());
    }
    logger.warn("{}: it is built anew from the log", wrong);
    H2ChatState.discard(path);
    // Last: a crash before this comes here again.
    Files.deleteIfExists(path.resolve(DISTRUSTED));
    try {
      return H2ChatState.open(path, checkpointBytes);
    } catch (DatabaseUnusableException e) {
      throw new IOException("no database can be made in " + path, e);
    }
  }

  /** Only what is on the log's disk is ever applied: the database may be all that is left of it. */
  private static void requireEnd(LogPosition applied, ReplicatedLog log, Path database) {
    if (applied.index() > log.last().index()) {
      throw new UsageException(
          "The end of the log beside "
              + database
              + " is missing: the database has applied entry "
              + applied.index()
              + ", the log ends at entry "
              + log.last().index()
              + ". Nothing was changed. Bring the log back, or keep a copy of this server's data"
              + " directory and start the server with an empty one, so that it learns everything"
              + " from its peers.");
    }
  }

  private static boolean follows(LogPosition applied, ReplicatedLog log) throws IOException {
    // An empty database is at a position that every log knows, even one that begins later.
    return applied.index() + 1 >= log.firstIndex()
        && log.position(applied.index()).filter(applied::equals).isPresent();
  }
}
