package chat.server.runtime;

import chat.server.replication.Entry;
import chat.server.replication.Envelope;
import chat.server.replication.Ready;
import java.io.IOException;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the log for peers that catch up, on a thread of its own: what they lack is on the disk, and
 * those that lack nothing must not wait for it. May be called from any thread.
 */
final class PeerReads {
  private static final Logger logger = LoggerFactory.getLogger(PeerReads.class);

  private final ReplicatedLog log;
  private final Executor reader;
  private final Consumer<Envelope> answers;

  /**
   * @param reader where the log is read
   * @param answers gets them, on the reader's thread; must not block
   */
  PeerReads(ReplicatedLog log, Executor reader, Consumer<Envelope> answers) {
    this.log = log;
    this.reader = reader;
    this.answers = answers;
  }

  /** What cannot be read is not answered: the peer asks again. */
  void serve(Ready.Fetch fetch) {
    reader.execute(
        () -> {
          try {
            // Whether the other's log is the same up to there, its own hash of what it gets tells.
            answers.accept(fetch.answer(kept(fetch), log.firstIndex()));
          } catch (IOException | RuntimeException e) {
            logger.error("cannot read the log after {} for a peer", fetch.after(), e);
          }
        });
  }

  /** What is asked for, or nothing if it has been trimmed: the log's first index says which. */
  private List<Entry> kept(Ready.Fetch fetch) throws IOException {
    try {
      return log.read(fetch.after().index(), fetch.upToIndex(), fetch.bytesMax());
    } catch (NoSuchElementException e) {
      logger.debug("trimmed: {}", fetch, e);
      return List.of();
    }
  }
}
