package chat.server.replication;

import chat.server.chat.ChatStateMachine;
import chat.server.chat.ChatTables;
import chat.server.chat.Command;
import chat.server.chat.CommandCodec;
import chat.server.chat.MemoryTables;
import chat.server.chat.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * The state that the log produces, in a database that is flushed seldom: a crash takes it back to
 * the last flush, from where the log is applied again.
 */
final class SimulatedDatabase {
  /** The first byte of a command; what directed schedules propose starts with a digit. */
  private static final byte COMMAND = 1;

  private MemoryTables tables = new MemoryTables();
  private LogPosition applied = LogPosition.START;
  private MemoryTables flushed = new MemoryTables();
  private LogPosition flushedAt = LogPosition.START;
  private @Nullable ChatStateMachine machine;

  SimulatedDatabase copy() {
    SimulatedDatabase copy = new SimulatedDatabase();
    copy.tables = flushed.copy();
    copy.flushed = flushed;
    copy.applied = flushedAt;
    copy.flushedAt = flushedAt;
    return copy;
  }

  long appliedIndex() {
    return applied.index();
  }

  MemoryTables tables() {
    return tables;
  }

  /**
   * Applies the next entry.
   *
   * @return null for an entry that is no command
   */
  @Nullable Outcome apply(Entry entry, SimulatedDriver driver) {
    if (entry.index() != applied.index() + 1) {
      throw new InvariantViolation("applying " + entry + " after " + applied);
    }
    applied = entry.position();
    Command command = command(entry);
    if (command == null) {
      return null;
    }
    if (machine == null) {
      ChatTables seen = driver.tables(tables);
      machine = new ChatStateMachine(seen);
    }
    return machine.apply(entry.index(), command);
  }

  static @Nullable Command command(Entry entry) {
    byte[] payload = entry.payload();
    return payload.length > 0 && payload[0] == COMMAND ? CommandCodec.decode(payload) : null;
  }

  void flush() {
    if (!flushedAt.equals(applied)) {
      flushed = tables.copy();
      flushedAt = applied;
    }
  }

  void crash() {
    machine = null;
    if (!flushedAt.equals(applied)) {
      tables = flushed.copy();
      applied = flushedAt;
    }
  }

  /** A database that is of another log than the disk's is thrown away (R18). */
  void checkAgainst(SimulatedDisk disk) {
    boolean agrees =
        applied.index() <= disk.length() && disk.position(applied.index()).equals(applied);
    if (!agrees) {
      machine = null;
      tables = new MemoryTables();
      flushed = new MemoryTables();
      applied = LogPosition.START;
      flushedAt = LogPosition.START;
    }
  }
}
