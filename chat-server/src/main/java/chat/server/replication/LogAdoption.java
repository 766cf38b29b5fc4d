package chat.server.replication;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Brings this server's log to exactly a given end, fetching what it lacks from a server that has it
 * (R3, R12). One at a time; a newer one replaces the one under way. Confined to whoever drives the
 * replica.
 */
final class LogAdoption {
  private record Task(LogPosition end, ServerId source, Runnable then) {}

  private final Core core;
  private @Nullable Task task;
  private LogPosition cursor = LogPosition.START;

  /** The end of the log that {@link #cursor} is on the way to. */
  private @Nullable LogPosition cursorsEnd;

  private final Question question;

  LogAdoption(Core core) {
    this.core = core;
    this.question = new Question(core);
  }

  /**
   * Starts; {@code then} runs, perhaps at once, when the log ends at {@code end} exactly.
   *
   * @return false, with nothing begun, if more than that is committed here: the request is a late
   *     one, of a view long since followed by others
   */
  boolean start(LogPosition end, ServerId source, Runnable then) {
    // Rounds that follow each other ask for the same end: what was fetched for it is not again.
    boolean resumes = end.equals(cursorsEnd) && cursor.equals(core.log.position(cursor.index()));
    if (!resumes) {
      cursor = core.log.floor();
      cursorsEnd = end;
      question.withdraw();
    }
    if (isLate(end)) {
      return false;
    }
    task = new Task(end, source, then);
    // Two that say so in turn, again and again, are not both asked each time.
    if (!finished(end) && (!question.isOpen() || question.isOverdue(source))) {
      ask();
    }
    return true;
  }

  void disconnected(ServerId server) {
    question.disconnected(server);
  }

  void cancel() {
    task = null;
  }

  boolean fetched(ServerId from, long answeredCall, Message.Fetched fetched) {
    if (!question.isAnsweredBy(answeredCall)) {
      return false;
    }
    Task current = task;
    // Between two rounds the log stays what was promised.
    if (current == null || isLate(current.end())) {
      return true;
    }
    if (fetched.tooOld()) {
      // Whoever keeps a log for others to adopt keeps what its members may lack; so this server is
      // none of them, and the round goes without it.
      core.out.notice(
          "server "
              + from
              + " keeps its log only from entry "
              + fetched.firstIndex()
              + ", this one has it up to "
              + cursor);
      failed(from);
      return true;
    }
    LogPosition reached = core.log.takeOver(cursor, fetched.entries());
    if (reached == null) {
      core.out.notice("server " + from + " sent entries that do not follow " + cursor);
      failed(from);
      return true;
    }
    cursor = reached;
    if (!finished(current.end())) {
      if (cursor.index() >= current.end().index()) {
        core.out.notice("server " + from + " does not have " + current.end());
        cursor = core.log.floor();
      } else if (!fetched.entries().isEmpty()) {
        ask();
      }
    }
    return true;
  }

  /** What that server has does not do; another that was asked after it may still have it. */
  private void failed(ServerId from) {
    if (Objects.requireNonNull(task).source().equals(from)) {
      task = null;
    } else {
      ask();
    }
  }

  void tick() {
    Task current = task;
    if (current != null && question.isOverdue(current.source()) && !isLate(current.end())) {
      ask();
    }
  }

  /**
   * Whether more than that is committed here: then nothing is adopted. Not whether the log's floor
   * is beyond it: what came a moment ago may be committed and not on the disk yet.
   */
  private boolean isLate(LogPosition end) {
    if (core.commitIndex() <= end.index()) {
      return false;
    }
    core.out.notice(
        "a log that ends at " + end + " is behind what is committed, " + core.commitIndex());
    task = null;
    return true;
  }

  private void ask() {
    Task current = Objects.requireNonNull(task);
    question.ask(current.source(), cursor, current.end().index());
  }

  /** Cuts off what is beyond the end, if the log has that end, and goes on with the task. */
  private boolean finished(LogPosition end) {
    if (!end.equals(core.log.position(end.index()))) {
      return false;
    }
    core.log.truncateAfter(end.index());
    Runnable then = Objects.requireNonNull(task).then();
    task = null;
    then.run();
    return true;
  }
}
