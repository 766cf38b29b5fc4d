package chat.server.storage;

import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import chat.server.chat.Outcome;
import chat.server.replication.Entry;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * How many entries a second are applied: messages with request ids to 1,000 accounts, and an
 * acknowledgement for every hundred of an account. Not a test: a figure, with {@code main}.
 */
final class ApplySpeed {
  private static final int ACCOUNTS = 1000;
  private static final int BATCH = 128;
  private static final long START = 20_000L * 24 * 3_600_000_000L;

  private ApplySpeed() {}

  /** Applies this many messages, 100,000 by default, as often as the second argument says. */
  public static void main(String[] args) throws Exception {
    int messages = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
    int rounds = args.length > 1 ? Integer.parseInt(args[1]) : 3;
    CommandLog log = log(messages);
    for (int round = 0; round < rounds; round++) {
      Path directory = Files.createTempDirectory("apply-speed");
      try (H2ChatState state = H2ChatState.open(directory)) {
        System.out.println(measure(state, log, messages));
      } finally {
        H2ChatState.discard(directory);
        Files.delete(directory);
      }
    }
  }

  /** Applies a log and says how fast that was. */
  static String measure(H2ChatState state, CommandLog log, int messages) {
    state.apply(log.slice(1, 2 * ACCOUNTS));
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long started = System.nanoTime();
    long startedCpu = threads.getCurrentThreadCpuTime();
    int accepted = 0;
    for (long first = 2 * ACCOUNTS + 1; first <= log.size(); first += BATCH) {
      List<Entry> batch = log.slice(first, Math.min(log.size(), first + BATCH - 1));
      for (Outcome outcome : state.apply(batch)) {
        accepted += outcome instanceof Outcome.MessageAccepted ? 1 : 0;
      }
      state.checkpointIfDue();
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    double cpuSeconds = (threads.getCurrentThreadCpuTime() - startedCpu) / 1e9;
    if (accepted != messages) {
      throw new IllegalStateException(accepted + " of " + messages + " accepted");
    }
    return String.format(
        Locale.ROOT,
        "apply: %,d messages with request ids in batches of %d: %,.0f a second, %,.0f a second"
            + " of the thread's processor time",
        messages,
        BATCH,
        messages / seconds,
        messages / cpuSeconds);
  }

  static CommandLog log(int messages) {
    CommandLog log = new CommandLog();
    for (int i = 0; i < ACCOUNTS; i++) {
      log.add(new Command.CreateAccount(START, "user" + i, "h".repeat(100), ""));
    }
    for (int i = 0; i < ACCOUNTS; i++) {
      log.add(new Command.Login(START, 1 + i, CommandLog.token(i), false));
    }
    Random dice = new Random(7);
    int[] received = new int[ACCOUNTS];
    for (int i = 0; i < messages; i++) {
      long time = START + i * 10L;
      int to = dice.nextInt(ACCOUNTS);
      byte[] sender = CommandLog.token(dice.nextInt(ACCOUNTS));
      String id =
          String.format(
              Locale.ROOT,
              "%08x-%04x-7%03x-8000-%012x",
              (time / 1000) >>> 16,
              (time / 1000) & 0xffff,
              i & 0xfff,
              dice.nextLong() & 0xffffffffffffL);
      String text = "a message of some fifty characters, as people write " + i;
      log.add(new Command.SendMessage(time, sender, "user" + to, text, id, false, 10_000));
      if (++received[to] % 100 == 0) {
        log.add(new Command.Acknowledge(time, CommandLog.token(to), Long.MAX_VALUE));
      }
    }
    return log;
  }
}
