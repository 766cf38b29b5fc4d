package chat.server.storage;

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
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.h2.api.ErrorCode;
import org.h2.jdbcx.JdbcConnectionPool;
import org.jspecify.annotations.Nullable;

/**
 * The chat's state in an embedded H2 database: a copy of what the log says, fast to ask. It is
 * flushed seldom; what counts is the position that it reads back at start, from where the log is
 * replayed. After a crash it is again what it was at its last checkpoint, to the byte ({@link
 * DatabaseFile}): so nothing of it but the newest has to be read before it is used, however much it
 * has.
 *
 * <p>Applying is confined to one thread and touches memory alone; {@link #write} may be called from
 * any other, and takes what has gathered until then. Nobody waits for the database: what it does
 * not have is read from memory, and after a crash from the log.
 */
public final class H2ChatState implements AppliedState {
  // What is applied and not written is in memory: beyond so much, applying waits.
  private static final int UNWRITTEN_MAX = 20_000;
  private static final long UNWRITTEN_BYTES_MAX = 16L << 20;

  /** Before the first write: what the log has beyond the database after a crash under full load. */
  private static final int UNWRITTEN_AT_START_MAX = 60_000;

  private final String url;
  private final Checkpoints checkpoints;
  private final DatabaseFile file;
  private final Connection connection;
  private final JdbcConnectionPool readers;
  private final ChatMemory memory = new ChatMemory();

  /** Taken before this object's monitor, by whoever writes: the thread that applies goes on. */
  private final ReentrantLock writing = new ReentrantLock();

  // Guarded by this.
  private final H2Tables tables;
  private final ChatStateMachine rules;
  private final H2Queries queries;
  private LogPosition position;
  private LogPosition taken;
  // While an entry is being applied, and for good if that failed: memory is between two positions.
  private boolean between;
  // Of the log, not yet taken to be written.
  private long bytesApplied;
  private int unwrittenMax = UNWRITTEN_AT_START_MAX;

  // Guarded by the lock of who writes.
  private final H2Writer writer;
  private final MailboxTable mailboxes;
  private LogPosition written;
  // Of the last checkpoint, and of the one before it. What was there at start counts as written
  // only when a checkpoint has forced it.
  private long checkpointIndex;
  private volatile long safeIndex;
  private long checkpointAt = System.nanoTime();
  private long bytesSinceCheckpoint;
  private volatile boolean closesAsACrash;
  private @Nullable SQLException failure;

  /**
   * Opens the database in a directory, making it if there is none and converting one of the version
   * before, which takes seconds for a million messages.
   *
   * @throws DatabaseUnusableException if it cannot be opened or is of a version that is not known:
   *     throw it away
   * @throws IOException if the directory cannot be made or another process has the database open;
   *     then there is nothing to throw away
   */
  public static H2ChatState open(Path directory) throws IOException, DatabaseUnusableException {
    return open(directory, Pace.USUAL);
  }

  /**
   * The same for one whose log may not grow large.
   *
   * @param checkpointBytes bytes of the log after which a checkpoint is due: what the last two have
   *     not written stays in the log
   */
  public static H2ChatState open(Path directory, long checkpointBytes)
      throws IOException, DatabaseUnusableException {
    return open(directory, Pace.USUAL.withCheckpoints(Checkpoints.ofBytes(checkpointBytes)));
  }

  static H2ChatState open(Path directory, Pace pace) throws IOException, DatabaseUnusableException {
    String url = H2Database.appendingUrl(directory);
    DatabaseFile file = DatabaseFile.open(directory, pace.checkNanos());
    JdbcConnectionPool readers = JdbcConnectionPool.create(url, "", "");
    readers.setMaxConnections(16);
    Connection connection = null;
    try {
      connection = readers.getConnection();
      return new H2ChatState(url, file, readers, connection, pace);
    } catch (DatabaseUnusableException | IOException e) {
      abandon(readers, connection, file);
      throw e;
    } catch (SQLException | RuntimeException e) {
      abandon(readers, connection, file);
      if (e instanceof SQLException sql
          && sql.getErrorCode() == ErrorCode.DATABASE_ALREADY_OPEN_1) {
        // Not for the caller to throw away: somebody works with these files.
        throw new IOException("another process has the database in " + directory + " open", e);
      }
      throw new DatabaseUnusableException("the database in " + directory + " cannot be used", e);
    }
  }

  /**
   * From now on {@link #close} remembers nothing: the next start goes on from the last checkpoint.
   * For what is applied without being committed. Nobody may checkpoint any more.
   */
  public void closeAsACrash() {
    closesAsACrash = true;
  }

  /** Closes without writing anything more, as a crash would. */
  void abandon() throws IOException {
    abandon(readers, connection, file);
  }

  /** Closes for good, or H2 would answer the next opening from what it still has open. */
  private static void abandon(
      JdbcConnectionPool readers, @Nullable Connection connection, DatabaseFile file)
      throws IOException {
    if (connection != null) {
      try (Statement statement = connection.createStatement()) {
        statement.execute("SHUTDOWN IMMEDIATELY");
      } catch (SQLException e) {
        // It says that the database is closed, which is what was wanted.
      }
    }
    readers.dispose();
    file.close();
  }

  /**
   * Makes a database that is not open what it was at its last checkpoint, and reads all of it.
   *
   * @throws DatabaseUnusableException if it is not what was written then
   */
  public static void verify(Path directory) throws IOException, DatabaseUnusableException {
    DatabaseFile.open(directory, Long.MAX_VALUE).close();
  }

  /** Deletes the database of a directory, if any; it must not be open. */
  public static void discard(Path directory) throws IOException {
    H2Database.discard(directory);
  }

  private H2ChatState(
      String url, DatabaseFile file, JdbcConnectionPool readers, Connection connection, Pace pace)
      throws SQLException, IOException, DatabaseUnusableException {
    this.url = url;
    this.checkpoints = pace.checkpoints();
    this.file = file;
    this.readers = readers;
    this.connection = connection;
    connection.setAutoCommit(false);
    boolean isChanged = Schema.ensure(connection);
    AppliedRow applied = AppliedRow.read(connection);
    position = applied.position();
    if (!position.equals(file.position())) {
      throw new DatabaseUnusableException(
          "the database has applied " + position + ", but it was written at " + file.position());
    }
    memory.setLastTimeMicros(applied.lastTimeMicros());
    taken = position;
    written = position;
    checkpointIndex = position.index();
    new MemoryLoader(connection, memory).accountsAndSessions();
    MailboxTable.read(connection, memory, applied.mailboxesIndex());
    UnwrittenMessages messages = new UnwrittenMessages();
    this.tables = new H2Tables(readers.getConnection(), memory, messages, applied.requestDay());
    this.mailboxes = new MailboxTable(connection, memory, applied.mailboxesIndex(), pace);
    this.writer = new H2Writer(connection, mailboxes, MessageTable.names(memory));
    this.rules = new ChatStateMachine(tables);
    this.queries = new H2Queries(readers, memory, messages);
    connection.commit();
    if (isChanged || position.equals(LogPosition.START)) {
      // What a crash leaves from now on is a database, and of this version.
      sync();
    }
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
  public synchronized LogPosition position() {
    return position;
  }

  @Override
  public List<Applied> apply(List<Entry> entries) {
    List<Applied> results = new ArrayList<>(entries.size());
    if (isTooMuchUnwritten()) {
      write();
    }
    while (results.size() < entries.size()) {
      long day = applyWithinADay(entries.subList(results.size(), entries.size()), results);
      if (day != 0) {
        beginDay(day);
      }
    }
    return results;
  }

  private synchronized boolean isTooMuchUnwritten() {
    return unwritten() > unwrittenMax || tables.bytesGathered() > UNWRITTEN_BYTES_MAX;
  }

  private synchronized long unwritten() {
    return position.index() - taken.index();
  }

  /**
   * Applies up to a command before which a day must begin, and says its time; 0 if there is none.
   */
  private synchronized long applyWithinADay(List<Entry> entries, List<Applied> results) {
    for (Entry entry : entries) {
      if (entry.index() != position.index() + 1) {
        throw new IllegalStateException("applying " + entry + " after " + position);
      }
      if (entry.payload().length == 0) {
        results.add(new Applied(entry.position(), null, new Outcome.Nothing()));
      } else {
        Command command = CommandCodec.decode(entry.payload());
        if (tables.beginsDay(command.timeMicros())) {
          return command.timeMicros();
        }
        between = true;
        results.add(new Applied(entry.position(), command, rules.apply(entry.index(), command)));
        between = false;
      }
      position = entry.position();
      bytesApplied += entry.payload().length;
    }
    return 0;
  }

  private void beginDay(long timeMicros) {
    writing.lock();
    try {
      write();
      WriteBatch before = take();
      writer.beginDay(before, RequestMemory.dayOf(timeMicros));
      synchronized (this) {
        tables.written();
        tables.beginDay(timeMicros);
      }
    } catch (SQLException e) {
      failure = e;
      throw new StorageFailure("beginning a day after " + position, e);
    } finally {
      writing.unlock();
    }
  }

  private synchronized WriteBatch take() {
    if (between) {
      throw new IllegalStateException("an entry after " + position + " was not applied whole");
    }
    bytesSinceCheckpoint += bytesApplied;
    bytesApplied = 0;
    taken = position;
    return tables.take(position);
  }

  /**
   * Puts into the database, in one transaction, what has been applied since the last time. From any
   * thread; applying goes on meanwhile.
   */
  @Override
  public void write() {
    writing.lock();
    try {
      requireIntact();
      if (!isAnythingToWrite()) {
        return;
      }
      List<Mailbox.Rows> changed = mailboxes.due(position().index());
      WriteBatch batch = take();
      writer.write(batch, changed);
      written = batch.position();
      synchronized (this) {
        tables.written();
        unwrittenMax = UNWRITTEN_MAX;
      }
    } catch (SQLException e) {
      failure = e;
      throw new StorageFailure("writing after " + written, e);
    } finally {
      writing.unlock();
    }
  }

  /** What was taken and not written is in no later batch: nothing may be written after it. */
  private void requireIntact() {
    if (failure != null) {
      throw new StorageFailure("writing, as it did before", failure);
    }
  }

  /** Not if an entry was not applied whole: the server stops for it. */
  private synchronized boolean isAnythingToWrite() {
    return unwritten() > 0 && !between;
  }

  /** Writes to the disk what has been applied, if enough of it has gathered; else does nothing. */
  @Override
  public void checkpointIfDue() {
    writing.lock();
    try {
      checkSome();
      long nanos = System.nanoTime() - checkpointAt;
      if (checkpoints.isDue(nanos, written.index() - checkpointIndex, bytesSinceCheckpoint)) {
        checkpoint();
      }
    } finally {
      writing.unlock();
    }
  }

  /** Reads some of what was there at the start; whether there is more. */
  private boolean checkSome() {
    writing.lock();
    try {
      return file.check();
    } catch (IOException | DatabaseUnusableException e) {
      throw new StorageFailure("reading what it had at the start", e);
    } finally {
      writing.unlock();
    }
  }

  /** Writes to the disk what has been applied. */
  void checkpoint() {
    writing.lock();
    try {
      if (closesAsACrash) {
        throw new IllegalStateException("a checkpoint of what is not to be remembered");
      }
      write();
      sync();
      bytesSinceCheckpoint = 0;
      if (file.isChecked()) {
        // Else the log may be needed to build anew what turns out to be damaged.
        safeIndex = checkpointIndex;
      }
      checkpointIndex = written.index();
      checkpointAt = System.nanoTime();
    } catch (SQLException | IOException e) {
      throw new StorageFailure("writing to the disk", e);
    } finally {
      writing.unlock();
    }
  }

  private void sync() throws SQLException, IOException {
    H2Database.forceToDisk(connection);
    file.mark(written);
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
    // Or what is damaged would be handed on under a good checksum.
    while (checkSome()) {
      // The next piece.
    }
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
    return StateDigest.of(connection, memory, position());
  }

  @Override
  public void close() {
    if (closesAsACrash) {
      try {
        abandon();
      } catch (IOException e) {
        throw new StorageFailure("closing", e);
      }
      return;
    }
    writing.lock();
    try (file;
        Statement statement = connection.createStatement()) {
      write();
      mailboxes.begin(position().index());
      do {
        writer.write(take(), mailboxes.next());
      } while (mailboxes.isUnderWay());
      statement.execute("SHUTDOWN");
      file.force();
      file.mark(position());
    } catch (SQLException | IOException e) {
      throw new StorageFailure("closing", e);
    } finally {
      writing.unlock();
      readers.dispose();
    }
  }
}
