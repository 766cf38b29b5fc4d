package chat.server.runtime;

/**
 * A thread of the network that lends itself to the replica: what has arrived on it is dealt with
 * there and then, where waking another thread would take longer than the work.
 */
public interface LendingThread {
  /**
   * Has something done by this thread, when it has done what it is about and sent what it has been
   * given to send. To be called by this thread itself.
   *
   * @param work must not block but for the log's disk
   * @return false if it takes nothing more, because it is about to end
   */
  boolean afterwards(Runnable work);
}
