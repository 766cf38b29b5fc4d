package chat.server.runtime;

import chat.server.replication.HardState;
import java.io.IOException;
import java.util.Optional;

/** The file of promises, accepts, views and incarnations. Confined to one thread. */
public interface HardStateStore {
  /**
   * What was stored last, whole; empty on a new disk.
   *
   * @throws IOException if the file is damaged or of a format that this version does not know: it
   *     is refused in words, never guessed at
   */
  Optional<HardState> load() throws IOException;

  /** Replaces it atomically and durably: after a return, a crash at any time finds this state. */
  void store(HardState state) throws IOException;
}
