package chat.server.storage;

import chat.server.chat.Command;
import chat.server.chat.CommandCodec;
import chat.server.chat.CommandLog;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * How fast snapshots are written, checked and loaded, how fast a database opens, and what applying
 * loses while a snapshot is written. Not a test: figures, with {@code main}.
 */
final class SnapshotSpeed {
  private static final int ACCOUNTS = 1000;
  private static final int BATCH = 128;
  private static final long START = 20_000L * 24 * 3_600_000_000L;

  private interface Work {
    void run() throws Exception;
  }

  private final Random dice = new Random(7);
  private LogPosition end = LogPosition.START;
  private int sent;

  private SnapshotSpeed() {}

  /** Takes the number of messages, 1,000,000 by default. */
  public static void main(String[] args) throws Exception {
    int messages = args.length > 0 ? Integer.parseInt(args[0]) : 1_000_000;
    Path directory = Files.createTempDirectory("snapshot-speed");
    new SnapshotSpeed().measure(directory, messages);
  }

  private void measure(Path directory, int messages) throws Exception {
    Path database = directory.resolve("db");
    Path file = directory.resolve("snapshot");
    Path loaded = directory.resolve("loaded");
    try (H2ChatState state = H2ChatState.open(database)) {
      begin(state);
      time("applied", messages, () -> send(state, messages));
      time("snapshot written, nothing else done", messages, () -> write(state, file));
      System.out.printf(
          Locale.ROOT,
          "%,d bytes of %,d in the database; heap up to %,d MB%n",
          Files.size(file),
          Files.size(H2Database.file(database)),
          Runtime.getRuntime().maxMemory() >> 20);
      for (int round = 0; round < 3; round++) {
        time("applied alone", messages / 10, () -> send(state, messages / 10));
        AtomicBoolean enough = new AtomicBoolean();
        CompletableFuture<Integer> writing =
            CompletableFuture.supplyAsync(() -> writeUntil(state, file, enough));
        time("applied beside snapshots", messages / 10, () -> send(state, messages / 10));
        enough.set(true);
        System.out.println(writing.get() + " snapshot(s) written, or begun, meanwhile");
      }
      write(state, file);
    }
    time("snapshot verified", sent, () -> Snapshots.verify(file));
    time("snapshot loaded", sent, () -> Snapshots.load(file, loaded, end));
    time("database opened", sent, () -> H2ChatState.open(loaded).close());
    time("database opened again", sent, () -> H2ChatState.open(loaded).close());
    time(
        "database opened after a crash",
        sent,
        () -> {
          H2ChatState.open(loaded).abandon();
          H2ChatState.open(loaded).abandon();
        });
    H2ChatState.discard(database);
    H2ChatState.discard(loaded);
    Files.delete(file);
  }

  private static int writeUntil(H2ChatState state, Path file, AtomicBoolean enough) {
    int written = 0;
    try {
      do {
        write(state, file);
        written++;
      } while (!enough.get());
      return written;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void write(H2ChatState state, Path file) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 64 << 10)) {
      state.writeSnapshot("c", 0, out);
    }
  }

  private void begin(H2ChatState state) {
    List<Command> commands = new ArrayList<>();
    for (int i = 0; i < ACCOUNTS; i++) {
      commands.add(new Command.CreateAccount(START, "user" + i, "h".repeat(100), ""));
    }
    for (int i = 0; i < ACCOUNTS; i++) {
      commands.add(new Command.Login(START, 1 + i, CommandLog.token(i), false));
    }
    apply(state, commands);
  }

  private void send(H2ChatState state, int count) {
    List<Command> batch = new ArrayList<>(BATCH);
    for (int i = 0; i < count; i++) {
      long time = START + sent * 10L;
      byte[] sender = CommandLog.token(dice.nextInt(ACCOUNTS));
      String to = "user" + dice.nextInt(ACCOUNTS);
      String id =
          String.format(
              Locale.ROOT,
              "%08x-%04x-7%03x-8000-%012x",
              (time / 1000) >>> 16,
              (time / 1000) & 0xffff,
              i & 0xfff,
              dice.nextLong() & 0xffffffffffffL);
      String text = "a message of some fifty characters, as people write " + sent++;
      batch.add(new Command.SendMessage(time, sender, to, text, id, false, Integer.MAX_VALUE));
      if (batch.size() == BATCH || i == count - 1) {
        apply(state, batch);
        batch.clear();
        state.checkpointIfDue();
      }
    }
  }

  private void apply(H2ChatState state, List<Command> commands) {
    List<Entry> entries = new ArrayList<>(commands.size());
    for (Command command : commands) {
      Entry entry = Entry.following(end, CommandLog.EPOCH, CommandCodec.encode(command));
      entries.add(entry);
      end = entry.position();
    }
    state.apply(entries);
  }

  private static void time(String what, int rows, Work work) throws Exception {
    long started = System.nanoTime();
    work.run();
    double seconds = (System.nanoTime() - started) / 1e9;
    System.out.printf(
        Locale.ROOT,
        "%s: %,d messages in %.1f s, %,.0f a second%n",
        what,
        rows,
        seconds,
        rows / seconds);
  }
}
