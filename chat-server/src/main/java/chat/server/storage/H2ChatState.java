package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.ChatQueries;
import chat.server.chat.ChatStateMachine;
import chat.server.chat.Command;
import chat.server.chat.CommandCodec;
import chat.server.chat.Outcome;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import chat.server.runtime.AppliedState;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.h2.api.ErrorCode;
import org.h2.jdbcx.JdbcConnectionPool;
import org.jspecify.annotations.Nullable;

/**
 * The chat's state in an embedded H2 database: a copy of what the log says, fast to ask. It is
 * flushed seldom and loses what is newer when the process is killed; what counts is the position
 * that it reads back at start, from where the log is replayed. Space is never reused, since reuse
 * is what loses older rows at a crash. Applying is confined to the apply thread.
 */
public final class H2ChatState implements AppliedState {
  private static final long CHECKPOINT_NANOS = 2_000_000_000L;
  private static final long CHECKPOINT_BYTES = 64L << 20;

  // A transaction costs as much as some twenty rows of it. Nobody waits for it: what is applied and
  // not written is read from memory, and after a crash from the log.
  private static final long WRITE_NANOS = 20_000_000L;
  private static final int WRITE_ENTRIES = 512;

  private final String url;
  private final Connection connection;
  private final JdbcConnectionPool readers;
  private final ChatMemory memory = new ChatMemory();
  private final H2Tables tables;
  private final ChatStateMachine rules;
  private final H2Queries queries;
  private LogPosition position;
  private int unwritten;
  private long unwrittenSince;
  // While an entry is being applied, and for good if that failed: memory is between two positions.
  private boolean between;
  // Of the last checkpoint, and of the one before it. What was there at start counts as written
  // only when a checkpoint has forced it.
  private long checkpointIndex;
  private volatile long safeIndex;
  private long checkpointAt = System.nanoTime();
  private boolean dirty;

  /**
   * Opens the database in a directory, making it if there is none.
   *
   * @throws DatabaseUnusableException if it cannot be opened or is of another version: throw it
   *     away
   * @throws IOException if the directory cannot be made or another process has the database open;
   *     then there is nothing to throw away
   */
  public static H2ChatState open(Path directory) throws IOException, DatabaseUnusableException {
    String url = H2Database.appendingUrl(directory);
    JdbcConnectionPool readers = JdbcConnectionPool.create(url, "", "");
    readers.setMaxConnections(16);
    Connection connection = null;
    try {
      connection = readers.getConnection();
      return new H2ChatState(url, readers, connection);
    } catch (DatabaseUnusableException e) {
      abandon(readers, connection);
      throw e;
    } catch (SQLException | RuntimeException e) {
      abandon(readers, connection);
      if (e instanceof SQLException sql
          && sql.getErrorCode() == ErrorCode.DATABASE_ALREADY_OPEN_1) {
        // Not for the caller to throw away: somebody works with these files.
        throw new IOException("another process has the database in " + directory + " open", e);
      }
      throw new DatabaseUnusableException("the database in " + directory + " cannot be used", e);
    }
  }

  /** Closes without writing anything more, as a crash would. */
  void abandon() {
    abandon(readers, connection);
  }

  /** Closes for good, or H2 would answer the next opening from what it still has open. */
  private static void abandon(JdbcConnectionPool readers, @Nullable Connection connection) {
    if (connection != null) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("SHUTDOWN IMMEDIATELY");
      } catch (SQLException e) {
        // It says that the database is closed, which is what was wanted.
      }
    }
    readers.dispose();
  }

  /** Deletes the database of a directory, if any; it must not be open. */
  public static void discard(Path directory) throws IOException {
    H2Database.discard(directory);
  }

  private H2ChatState(String url, JdbcConnectionPool readers, Connection connection)
      throws SQLException, DatabaseUnusableException {
    this.url = url;
    this.readers = readers;
    this.connection = connection;
    connection.setAutoCommit(false);
    Schema.ensure(connection);
    AppliedRow applied = AppliedRow.read(connection);
    position = applied.position();
    memory.setLastTimeMicros(applied.lastTimeMicros());
    RowSums sums = applied.sums();
    checkpointIndex = position.index();
    MemoryLoader loader = new MemoryLoader(connection, memory);
    RowSums small = new RowSums();
    loader.accountsAndSessions(small);
    sums.require(RowSums.ACCOUNTS, small.get(RowSums.ACCOUNTS));
    sums.require(RowSums.SESSIONS, small.get(RowSums.SESSIONS));
    new RowCheck(connection).check(sums, applied.clean());
    loader.inboxes();
    UnwrittenMessages messages = new UnwrittenMessages();
    this.tables = new H2Tables(connection, memory, messages, applied.requestDay(), sums);
    this.rules = new ChatStateMachine(tables);
    this.queries = new H2Queries(readers, memory, messages);
    connection.commit();
  }

  @Override
  public boolean isEmpty() {
    // Deleted accounts stay in memory.
    return memory.accounts().isEmpty();
  }

  /** Reads for the service. */
  public ChatQueries queries() {
    return queries;
  }

  @Override
  public long safeIndex() {
    return safeIndex;
  }

  @Override
  public LogPosition position() {
    return position;
  }

  @Override
  public synchronized List<Applied> apply(List<Entry> entries) {
    List<Applied> results = new ArrayList<>(entries.size());
    LogPosition next = position;
    for (Entry entry : entries) {
      if (entry.index() != next.index() + 1) {
        throw new IllegalStateException("applying " + entry + " after " + next);
      }
      if (entry.payload().length == 0) {
        results.add(new Applied(entry.position(), null, new Outcome.Nothing()));
      } else {
        Command command = CommandCodec.decode(entry.payload());
        if (tables.beginsDay(command.timeMicros())) {
          applied(next);
          beginDay(next, command.timeMicros());
        }
        between = true;
        results.add(new Applied(entry.position(), command, rules.apply(entry.index(), command)));
      }
      next = entry.position();
    }
    applied(next);
    return results;
  }

  private void applied(LogPosition end) {
    between = false;
    if (unwritten == 0) {
      unwrittenSince = System.nanoTime();
    }
    unwritten += (int) (end.index() - position.index());
    position = end;
  }

  private void beginDay(LogPosition before, long timeMicros) {
    write();
    try {
      tables.beginDay(timeMicros, before);
    } catch (SQLException e) {
      throw new StorageFailure("beginning a day after " + before, e);
    }
  }

  @Override
  public synchronized boolean writeIfDue() {
    boolean late = System.nanoTime() - unwrittenSince >= WRITE_NANOS;
    if (unwritten > 0 && (late || unwritten >= WRITE_ENTRIES)) {
      write();
    }
    return unwritten == 0;
  }

  /**
   * Puts into the database, in one transaction, what has been applied since the last time. From any
   * thread: the apply thread waits meanwhile.
   */
  synchronized void write() {
    if (unwritten == 0) {
      return;
    }
    if (between) {
      throw new IllegalStateException("an entry after " + position + " was not applied whole");
    }
    try {
      tables.commit(position);
    } catch (SQLException e) {
      throw new StorageFailure("writing up to " + position, e);
    }
    unwritten = 0;
    dirty = true;
  }

  /** Writes to the disk what has been applied, if enough of it has gathered; else does nothing. */
  @Override
  public synchronized void checkpointIfDue() {
    boolean due = System.nanoTime() - checkpointAt > CHECKPOINT_NANOS;
    if ((dirty || unwritten > 0) && (due || tables.bytesSinceCheckpoint() > CHECKPOINT_BYTES)) {
      checkpoint();
    }
  }

  /** Writes to the disk what has been applied. */
  synchronized void checkpoint() {
    write();
    try (Statement statement = connection.createStatement()) {
      statement.execute("CHECKPOINT SYNC");
      connection.commit();
    } catch (SQLException e) {
      throw new StorageFailure("writing to the disk", e);
    }
    tables.checkpointed();
    safeIndex = checkpointIndex;
    checkpointIndex = position.index();
    checkpointAt = System.nanoTime();
    dirty = false;
  }

  /**
   * Writes all that is applied at one moment as a snapshot, from any thread, while applying goes
   * on. Takes as long as the stream does; the thread must not be interrupted (R14).
   *
   * @param clusterId whose state it is (R1)
   * @param lineage of that cluster
   * @param out gets it; left open
   * @return up to where the log is applied in it
   * @throws IOException if the stream fails
   * @throws StorageFailure if the database does
   */
  public LogPosition writeSnapshot(String clusterId, long lineage, OutputStream out)
      throws IOException {
    write();
    try (Connection own = DriverManager.getConnection(url, "", "")) {
      return SnapshotExport.write(own, clusterId, lineage, out);
    } catch (SQLException | DatabaseUnusableException e) {
      throw new StorageFailure("writing a snapshot", e);
    }
  }

  /**
   * A digest of everything that the state says, for comparing servers; slow. Equal states have
   * equal digests however they came about.
   */
  public long digest() throws SQLException {
    write();
    long digest = position.hash();
    String[] queries = {
      "SELECT log_index, epoch, hash, last_time FROM applied",
      "SELECT * FROM accounts ORDER BY id",
      "SELECT * FROM sessions ORDER BY token",
      "SELECT * FROM messages ORDER BY id",
      // Only those that still count: when the others are forgotten is nobody's business.
      "SELECT r.account_id, r.request_id, r.message_id FROM ("
          + "SELECT * FROM requests_0 UNION ALL SELECT * FROM requests_1"
          + " UNION ALL SELECT * FROM requests_2) r JOIN messages m ON m.id = r.message_id"
          + " WHERE m.sent > "
          + (memory.lastTimeMicros() - ChatStateMachine.REMEMBERED_MICROS)
          + " ORDER BY r.message_id"
    };
    for (String sql : queries) {
      try (Statement statement = connection.createStatement();
          ResultSet row = statement.executeQuery(sql)) {
        int columns = row.getMetaData().getColumnCount();
        while (row.next()) {
          for (int i = 1; i <= columns; i++) {
            digest = digest * 1_000_003 + row.getString(i).hashCode();
          }
        }
      }
    }
    for (Account account : memory.byKey().values()) {
      digest = digest * 1_000_003 + memory.undeliveredCount(account.id());
    }
    return digest;
  }

  @Override
  public synchronized void close() {
    try (Statement statement = connection.createStatement()) {
      write();
      tables.closing(position);
      statement.execute("SHUTDOWN");
    } catch (SQLException e) {
      throw new StorageFailure("closing", e);
    } finally {
      readers.dispose();
    }
  }
}
