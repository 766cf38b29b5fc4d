package chat.client.cli;

import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.MessageSender;
import chat.client.OutcomeUnknownException;
import chat.client.RequestIds;
import chat.client.SentMessage;
import chat.common.ErrorReason;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Sends each line of standard input as a message, in order. A full inbox and a cluster without a
 * primary are waited for: lines that were not accepted are sent again, with the same ids, in their
 * order, and carefully at first. Only while an inbox fills up may lines of one window pass each
 * other. In the end, whatever that is, it is known which lines were accepted.
 *
 * <p>One thread drives it; answers come on others. What both touch is guarded by the monitor.
 */
final class LineSending {
  private static final int IN_FLIGHT_MAX = 256;
  private static final long PAUSE_MILLIS_MIN = 100;
  private static final long PAUSE_MILLIS_MAX = 2_000;
  private static final long REFRESH_MILLIS = 100;

  /** So long an interruption waits for the answers that are missing. */
  private static final long ANSWERS_NANOS = 3_000_000_000L;

  private final ChatSession session;
  private final String recipient;
  private final @Nullable ResumeFile resumeFile;
  private final Duration patience;
  private final NumberedLines lines;
  private final Progress progress;
  private final SendingReport report;
  private final RequestIds requestIds = new RequestIds();

  // Guarded by the monitor.
  private final Deque<OutgoingLine> window = new ArrayDeque<>();
  private final TreeMap<Long, OutgoingLine> again = new TreeMap<>();
  private int inFlight;
  private int limit = IN_FLIGHT_MAX;
  private int acceptedInARow;
  private long settledBytes;
  private long settledThrough;
  private long settledChecksum;
  private @Nullable ChatException trouble;
  private long pauseMillis = PAUSE_MILLIS_MIN;

  /** Since when nothing has been accepted, if there is trouble. */
  private long troubleNanos;

  private boolean acceptedSinceTrouble = true;
  private boolean stopped;
  private long stoppedNanos;

  /**
   * @param patience it gives up after so long without an accepted line
   */
  LineSending(
      Surroundings surroundings,
      ChatSession session,
      String recipient,
      @Nullable ResumeFile resumeFile,
      Duration patience) {
    this.session = session;
    this.recipient = recipient;
    this.resumeFile = resumeFile;
    this.patience = patience;
    this.progress = new Progress(surroundings);
    this.report = new SendingReport(resumeFile != null);
    this.lines = new NumberedLines(new LineSource(surroundings, this::wake));
  }

  /** Sends until the input ends, a line is refused, or it is stopped. */
  SendingReport run() throws InterruptedException {
    try (MessageSender sender = session.openSender(IN_FLIGHT_MAX)) {
      skipDone();
      sendAll(sender);
    } finally {
      progress.clear();
    }
    // Set above; it has done its work.
    boolean unused = Thread.interrupted();
    return ended();
  }

  private void sendAll(MessageSender sender) throws InterruptedException {
    try {
      OutgoingLine line = next(sender);
      while (line != null) {
        send(sender, line);
        line = next(sender);
      }
      if (isWaitedFor()) {
        // Closing the sender in an interrupted thread gives up what has no answer.
        Thread.currentThread().interrupt();
      }
    } catch (CommandFailure e) {
      // Something on this machine. What is on its way gets its answer when the sender is closed.
      report.failed(e);
    }
  }

  private synchronized SendingReport ended() {
    try {
      settleHead();
      if (resumeFile != null) {
        resumeFile.settleNow(settledThrough, settledChecksum);
        resumeFile.endBefore(lines.number() + 1);
      }
    } catch (CommandFailure e) {
      report.failed(e);
    }
    window.stream().filter(line -> line.doubtful).forEach(line -> report.doubtful(line.number));
    return report;
  }

  /** Takes no more lines; those on their way get their answers. Thread-safe. */
  synchronized void stop() {
    stopped = true;
    stoppedNanos = System.nanoTime();
    report.interrupted();
    notifyAll();
  }

  /** Whether a person who interrupted has waited long enough for answers. */
  private boolean isOverdue() {
    return stopped && System.nanoTime() - stoppedNanos > ANSWERS_NANOS;
  }

  private synchronized void wake() {
    notifyAll();
  }

  private void skipDone() throws InterruptedException {
    long done = resumeFile == null ? 0 : resumeFile.done();
    while (lines.number() < done) {
      String line = lines.take();
      if (line == null || isStopped()) {
        break;
      }
      settledBytes += NumberedLines.bytes(line);
    }
    if (isStopped()) {
      return;
    }
    if (resumeFile != null
        && done > 0
        && (lines.number() < done || lines.checksum() != resumeFile.doneChecksum())) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          "The first "
              + done
              + " lines are not those that were sent with this resume file; nothing was sent now.");
    }
    report.before(done);
    settledThrough = done;
    settledChecksum = lines.checksum();
  }

  private synchronized boolean isWaitedFor() {
    return stopped && inFlight > 0;
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  /** Waits for the next line that may be sent now; null if there is none any more. */
  private synchronized @Nullable OutgoingLine next(MessageSender sender)
      throws InterruptedException {
    while (true) {
      settleHead();
      boolean over = stopped || report.isFailed();
      if (over && (inFlight == 0 || isOverdue())) {
        return null;
      }
      if (!over && trouble != null && inFlight == 0) {
        pause(trouble);
        continue;
      }
      if (!over && trouble == null && inFlight < limit) {
        OutgoingLine line = again.isEmpty() ? read() : again.pollFirstEntry().getValue();
        if (line != null) {
          inFlight++;
          return line;
        }
        if (lines.isEnded() && window.isEmpty()) {
          return null;
        }
      }
      if (!over && trouble != null && trouble.reason() != ErrorReason.INBOX_FULL) {
        // A line that is sent again must not come after those behind it.
        sender.giveUpWaiting();
      }
      progress.show(report.accepted(), settledBytes);
      if (inFlight > 0 || trouble == null) {
        wait(REFRESH_MILLIS);
      }
    }
  }

  /** The next line of the input that is not blank, if there is one now. */
  private @Nullable OutgoingLine read() {
    String text = lines.poll();
    while (text != null) {
      boolean blank = text.isBlank();
      String id =
          blank ? "" : resumeFile == null ? requestIds.next() : resumeFile.id(lines.number());
      OutgoingLine line = new OutgoingLine(lines.number(), text, id, lines.checksum());
      window.add(line);
      if (!blank) {
        report.read();
        return line;
      }
      // The service takes no blank message.
      line.settled = true;
      text = lines.poll();
    }
    return null;
  }

  private void settleHead() {
    while (!window.isEmpty() && window.getFirst().settled) {
      OutgoingLine line = window.removeFirst();
      settledBytes += NumberedLines.bytes(line.text);
      settledThrough = line.number;
      settledChecksum = line.checksum;
      if (resumeFile != null) {
        resumeFile.settle(line.number, line.checksum);
      }
    }
  }

  /** Waits before it is tried again, one line alone at first. */
  private void pause(ChatException why) throws InterruptedException {
    if (System.nanoTime() - troubleNanos >= patience.toNanos()) {
      report.refused(again.isEmpty() ? lines.number() : again.firstKey(), why);
      return;
    }
    progress.remark(
        why.reason() == ErrorReason.INBOX_FULL
            ? "The inbox of " + Printable.escape(recipient) + " is full; waiting for room ..."
            : "Reconnecting ..., your lines are kept.");
    long untilNanos = System.nanoTime() + pauseMillis * 1_000_000;
    long left = pauseMillis;
    while (left > 0 && !stopped) {
      progress.show(report.accepted(), settledBytes);
      wait(Math.min(left, REFRESH_MILLIS));
      left = (untilNanos - System.nanoTime()) / 1_000_000;
    }
    pauseMillis = Math.min(2 * pauseMillis, PAUSE_MILLIS_MAX);
    trouble = null;
    limit = 1;
    acceptedInARow = 0;
  }

  private void send(MessageSender sender, OutgoingLine line) throws InterruptedException {
    try {
      CompletableFuture<?> unused =
          sender
              .send(recipient, line.text, line.requestId)
              .whenComplete((sent, failure) -> answered(line, sent, failure));
    } catch (ChatException sessionIsOver) {
      answered(line, null, sessionIsOver);
    }
  }

  private synchronized void answered(
      OutgoingLine line, @Nullable SentMessage sent, @Nullable Throwable failure) {
    inFlight--;
    if (sent != null) {
      accepted(line, sent);
    } else {
      Throwable cause =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      notAccepted(
          line,
          cause instanceof ChatException known
              ? known
              : new ChatException(ErrorReason.INTERNAL, "A bug of this client.", cause));
    }
    notifyAll();
  }

  private void accepted(OutgoingLine line, SentMessage sent) {
    line.doubtful = false;
    line.settled = true;
    report.accepted(line.number, sent.duplicate());
    acceptedSinceTrouble = true;
    pauseMillis = PAUSE_MILLIS_MIN;
    acceptedInARow++;
    if (acceptedInARow >= limit && limit < IN_FLIGHT_MAX) {
      limit *= 2;
      acceptedInARow = 0;
    }
  }

  private void notAccepted(OutgoingLine line, ChatException why) {
    boolean unknown = why instanceof OutcomeUnknownException;
    if (unknown) {
      line.doubtful = true;
    } else if (why.reason() == ErrorReason.INBOX_FULL) {
      // Said only after a look whether the line is known.
      line.doubtful = false;
    }
    if (unknown
        || why.reason() == ErrorReason.INBOX_FULL
        || ExitCodes.of(why) == ExitCodes.UNAVAILABLE) {
      again.put(line.number, line);
      trouble = why;
      if (acceptedSinceTrouble) {
        acceptedSinceTrouble = false;
        troubleNanos = System.nanoTime();
      }
    } else {
      report.refused(line.number, why);
    }
  }
}
