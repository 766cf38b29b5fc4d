package chat.client.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What became of the lines that were sent. Guarded by its own monitor. */
final class SendingReport {
  private final boolean resumable;
  private final LineRanges accepted = new LineRanges();
  private final LineRanges doubtful = new LineRanges();
  private long before;
  private long read;
  private long duplicates;
  private long refusedLine;
  private @Nullable RuntimeException failure;
  private boolean interrupted;

  SendingReport(boolean resumable) {
    this.resumable = resumable;
  }

  /** Lines up to this one were settled by an earlier sending. */
  synchronized void before(long lines) {
    before = lines;
  }

  /** One more line that is not blank. */
  synchronized void read() {
    read++;
  }

  synchronized void accepted(long line, boolean duplicate) {
    accepted.add(line);
    duplicates += duplicate ? 1 : 0;
  }

  synchronized long accepted() {
    return accepted.count();
  }

  synchronized void doubtful(long line) {
    doubtful.add(line);
  }

  /** The first refusal counts: it ended the sending. */
  synchronized void refused(long line, RuntimeException why) {
    if (failure == null || line < refusedLine) {
      refusedLine = line;
      failure = why;
    }
  }

  /** Something on this machine ended the sending. */
  synchronized void failed(RuntimeException why) {
    if (failure == null) {
      failure = why;
    }
  }

  synchronized boolean isFailed() {
    return failure != null;
  }

  synchronized void interrupted() {
    interrupted = true;
  }

  synchronized boolean isComplete() {
    return failure == null && !interrupted;
  }

  /** What ended it, if that was not the end of the input or an interruption. */
  synchronized @Nullable RuntimeException failure() {
    return failure;
  }

  synchronized String text() {
    List<String> sentences = new ArrayList<>();
    if (before > 0) {
      sentences.add("Lines 1-" + before + " were done before.");
    }
    sentences.add(accepted.count() + " of " + read + " lines accepted.");
    if (duplicates > 0) {
      sentences.add(duplicates + " of them had been accepted before and were not sent twice.");
    }
    if (!isComplete()) {
      sentences.add(
          accepted.count() == 0 ? "Nothing was accepted now." : "Accepted: " + accepted + ".");
      if (doubtful.count() > 0) {
        sentences.add("Not known: " + doubtful + ".");
      }
      if (refusedLine > 0) {
        sentences.add("It stopped at line " + refusedLine + ".");
      }
      sentences.add(
          resumable
              ? "The same command goes on from here; no line is sent twice."
              : "With --resume-file FILE it could be continued.");
    }
    return String.join(" ", sentences);
  }

  synchronized Map<String, Object> fields() {
    return Main.fields(
        "accepted", accepted.count(),
        "lines", read,
        "done_before", before,
        "duplicates", duplicates,
        "accepted_lines", accepted.toString(),
        "unknown_lines", doubtful.toString(),
        "stopped_at_line", refusedLine,
        "interrupted", interrupted);
  }
}
