package chat.client.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * Where the sending of lines goes on after it was broken off, however that was: every line has a
 * request id that can be made again from this file, so that the service knows a repeat.
 *
 * <p>Lines of text, only ever appended:
 *
 * <pre>
 * chat-resume-2 JOB SENDER RECIPIENT SERVERS
 *                                      what is sent and where to: what one cluster has, another has
 *                                      not; JOB is random. Version 1 does not name the servers
 * ids FIRST LAST MILLIS                before any of these lines is sent, and forced to the disk:
 *                                      their ids carry this time; the last that fits a line counts
 * done LINE CHECKSUM                   lines up to this one are settled; checksum of their texts
 * untried LINE                         an orderly end: from this line on nothing was ever sent
 * </pre>
 *
 * <p>The time is in the ids because the service forgets a request after a day: the id of a line
 * that was sent longer ago is refused for its age, never accepted again. Confined to one thread.
 */
final class ResumeFile implements AutoCloseable {
  private static final String FORMAT = "chat-resume-2";
  private static final String FORMAT_BEFORE = "chat-resume-1";

  /** So many lines are given ids at a time, and settled: one fsync each time. */
  private static final int BLOCK = 1000;

  /** Lines that wait for a slow input get new ids long before the service refuses their age. */
  private static final long BLOCK_AGE_MILLIS = Duration.ofHours(1).toMillis();

  private record Block(long first, long last, long millis) {
    boolean contains(long line) {
      return first <= line && line <= last;
    }
  }

  private final Path path;
  private final FileChannel channel;
  private final Clock clock;
  private final List<Block> blocks = new ArrayList<>();
  private final MessageDigest digest = sha256();
  private UUID job = UUID.randomUUID();

  /** Up to here an earlier process may have sent. */
  private long triedBefore;

  private long done;
  private long doneChecksum;

  private ResumeFile(Path path, FileChannel channel, Clock clock) {
    this.path = path;
    this.channel = channel;
    this.clock = clock;
  }

  /**
   * Opens the file, or begins a new one, for this sender and recipient alone.
   *
   * @param servers the list of servers that names the cluster: one of those in the file must be in
   *     it
   */
  static ResumeFile open(Path path, String sender, String recipient, String servers, Clock clock) {
    FileChannel channel;
    try {
      channel =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw unusable(path, e);
    }
    ResumeFile file = new ResumeFile(path, channel, clock);
    boolean opened = false;
    try {
      file.lock();
      file.load(sender, recipient, servers.toLowerCase(Locale.ROOT));
      opened = true;
      return file;
    } catch (IOException e) {
      throw unusable(path, e);
    } finally {
      if (!opened) {
        file.close();
      }
    }
  }

  private static CommandFailure unusable(Path path, IOException cause) {
    return new CommandFailure(
        ExitCodes.REFUSED,
        "The resume file " + path + " cannot be used (" + cause.getMessage() + ").",
        cause);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256.", e);
    }
  }

  private void lock() throws IOException {
    boolean mine;
    try {
      mine = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      mine = false;
    }
    if (!mine) {
      throw new CommandFailure(
          ExitCodes.REFUSED, "Another client sends with the resume file " + path + " now.");
    }
  }

  private void load(String sender, String recipient, String servers) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(channel.size(), 64 << 20));
    while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
      // Until all of it is read.
    }
    String text = StandardCharsets.UTF_8.decode(bytes.flip()).toString();
    // A last line without its end was being written when the process or the machine died.
    String whole = text.substring(0, text.lastIndexOf('\n') + 1);
    List<String> lines = whole.lines().toList();
    if (lines.isEmpty()
        && (FORMAT + " ").startsWith(text.substring(0, Math.min(text.length(), 14)))) {
      channel.truncate(0);
      append(String.join(" ", FORMAT, job.toString(), sender, recipient, servers.replace(" ", "")));
      return;
    }
    String[] words = lines.isEmpty() ? new String[0] : lines.get(0).split(" ", -1);
    boolean namesServers = words.length == 5 && words[0].equals(FORMAT);
    if (!namesServers && !(words.length == 4 && words[0].equals(FORMAT_BEFORE))) {
      throw new CommandFailure(
          ExitCodes.USAGE, path + " is no resume file; name another, or one that is not there.");
    }
    if (!words[2].equalsIgnoreCase(sender) || !words[3].equalsIgnoreCase(recipient)) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          path + " is about lines from " + words[2] + " to " + words[3] + "; name another file.");
    }
    if (namesServers) {
      requireSameCluster(words[4], servers);
    }
    try {
      job = UUID.fromString(words[1]);
      lines.subList(1, lines.size()).forEach(this::read);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(
          ExitCodes.REFUSED,
          path + " is damaged, so nobody knows what was sent; look at the history.",
          e);
    }
    channel.truncate(whole.getBytes(StandardCharsets.UTF_8).length);
    channel.position(channel.size());
  }

  private void requireSameCluster(String written, String servers) {
    Set<String> common = new HashSet<>(List.of(written.split(",", -1)));
    common.retainAll(List.of(servers.replace(" ", "").split(",", -1)));
    if (common.isEmpty()) {
      throw new CommandFailure(
          ExitCodes.USAGE,
          path
              + " is about lines to the servers "
              + written
              + "; name another file, or these servers.");
    }
  }

  private void read(String line) {
    String[] words = line.split(" ", -1);
    if (words.length < 2) {
      throw new IllegalArgumentException(line);
    }
    long first = Long.parseLong(words[1]);
    if (words.length == 4 && words[0].equals("ids")) {
      Block block = new Block(first, Long.parseLong(words[2]), Long.parseLong(words[3]));
      blocks.add(block);
      triedBefore = Math.max(triedBefore, block.last());
    } else if (words.length == 3 && words[0].equals("done")) {
      done = first;
      doneChecksum = Long.parseLong(words[2]);
    } else if (words.length == 2 && words[0].equals("untried")) {
      triedBefore = first - 1;
    } else {
      throw new IllegalArgumentException(line);
    }
  }

  /** Lines up to this one are settled. */
  long done() {
    return done;
  }

  /** The checksum of those lines, as it was told by {@link #settle}. */
  long doneChecksum() {
    return doneChecksum;
  }

  /** The request id of a line. When it returns, a later process would make the same. */
  String id(long line) {
    Block block = null;
    for (int i = blocks.size() - 1; i >= 0 && block == null; i--) {
      block = blocks.get(i).contains(line) ? blocks.get(i) : null;
    }
    boolean tooOld =
        block != null && line > triedBefore && clock.millis() - block.millis() > BLOCK_AGE_MILLIS;
    if (block == null || tooOld) {
      block = new Block(line, line + BLOCK - 1, clock.millis());
      append("ids " + block.first() + " " + block.last() + " " + block.millis());
      blocks.add(block);
    }
    return uuid(line, block.millis());
  }

  /** A UUID of version 7 whose random part is a hash of job and line. */
  private String uuid(long line, long millis) {
    ByteBuffer input = ByteBuffer.allocate(24);
    input.putLong(job.getMostSignificantBits()).putLong(job.getLeastSignificantBits());
    ByteBuffer hash = ByteBuffer.wrap(digest.digest(input.putLong(line).array()));
    long high = (millis << 16) | 0x7000L | (hash.getLong() & 0xFFF);
    long low = (hash.getLong() & 0x3FFF_FFFF_FFFF_FFFFL) | 0x8000_0000_0000_0000L;
    return new UUID(high, low).toString();
  }

  /** Lines up to this one have their answers; written down now and then. */
  void settle(long line, long checksum) {
    if (line - done >= BLOCK) {
      settleNow(line, checksum);
    }
  }

  /** The same, written down at once if it is news. */
  void settleNow(long line, long checksum) {
    if (line > done) {
      append("done " + line + " " + checksum);
      done = line;
      doneChecksum = checksum;
    }
  }

  /** An orderly end: no line from this one on was ever sent by this process. */
  void endBefore(long line) {
    append("untried " + Math.max(line, triedBefore + 1));
  }

  private void append(String line) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(false);
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw unusable(path, e);
    }
  }
}
