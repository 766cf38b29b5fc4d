package chat.server.runtime;

import chat.server.replication.ServerId;
import java.util.function.Consumer;

/** Asks a member's life socket whether its process is gone (R7). */
public interface CrashProbe {
  /**
   * Probes in the background, never blocks.
   *
   * @param answer gets true if and only if every one of the fresh connections was refused with
   *     exactly ECONNREFUSED; called once, on any thread
   */
  void probe(ServerId target, Consumer<Boolean> answer);
}
