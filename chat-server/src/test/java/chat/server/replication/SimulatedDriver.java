package chat.server.replication;

import chat.server.chat.ChatTables;
import chat.server.chat.MemoryTables;

/**
 * What the surroundings of {@link Replica} owe it, where a test may break that: the order of {@link
 * Ready}, what is applied at start, where request ids are remembered.
 */
class SimulatedDriver {
  /** Whether nothing that speaks of a write is done before the disk has forced it (R2, R14). */
  boolean waitsForForce() {
    return true;
  }

  /** Up to where a start may apply the log (R18). */
  long appliesAtStart(long committed, long length) {
    return committed;
  }

  /** What the rules of chat work on (R13). */
  ChatTables tables(MemoryTables tables) {
    return tables;
  }
}
