package chat.server.replication;

/**
 * What an operator may ask of the acting primary beyond what it does by itself. Each is made by one
 * view change, in which all members take part, so that none of them has to be waited out (R4).
 */
public sealed interface Change {
  /** The server that it is about. */
  ServerId server();

  /** Another member becomes primary (R17). */
  record HandOver(ServerId server) implements Change {}

  /**
   * A server belongs to the cluster from now on, with the disk on which it knocks: one that was
   * added, or one whose disk was lost and replaced (R8). It learns, and is taken in like any other.
   */
  record Admit(ServerId server) implements Change {}

  /** A server belongs to the cluster no longer. */
  record Remove(ServerId server) implements Change {}
}
