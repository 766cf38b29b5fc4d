package chat.server.log;

import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import chat.server.runtime.ReplicatedLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log as files of one directory: segments named by their first index, and {@code commit-floor},
 * which keeps the recorded commit index through a truncation.
 *
 * <p>Writing, {@link #sync} and {@link #close} are the replica thread's. {@link #last}, {@link
 * #recordedCommitIndex}, {@link #read} and {@link #position} are anybody's. The first {@code
 * IOException} of a writing method is final: whether the bytes are there is unknown from then on,
 * and every later write throws.
 */
public final class SegmentedLog implements ReplicatedLog {
  private static final Logger logger = LoggerFactory.getLogger(SegmentedLog.class);
  private static final long COMMIT_FLOOR_MAGIC = 0x43484154464c4f52L; // "CHATFLOR"

  private final Path directory;
  private final LogOptions options;
  private final ConcurrentSkipListMap<Long, Segment> segments;
  private final TailCache cache;
  private final CheckedFile commitFloor;
  private final SecureRandom salts = new SecureRandom();
  // Readers share it, truncation excludes them. Appending needs no lock: it only adds.
  private final ReadWriteLock truncation = new ReentrantReadWriteLock();

  // The last segment, open for writing, and how much of it is on the disk for certain.
  private Segment active;
  private FileChannel writer;
  private long durableBytes;
  private long writtenCommitIndex;
  private volatile long durableCommitIndex;
  private final AppendEncoder encoder = new AppendEncoder();
  private @Nullable IOException failure;

  private SegmentedLog(Path directory, LogOptions options, LogRecovery recovered)
      throws IOException {
    this.directory = directory;
    this.options = options;
    this.segments = recovered.segments();
    this.commitFloor = recovered.commitFloor();
    this.cache = new TailCache(options.cacheBytes());
    this.active = segments.lastEntry().getValue();
    this.writer =
        FileChannel.open(active.file(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    this.durableBytes = active.bytes();
    this.writtenCommitIndex = recovered.commitIndex();
    this.durableCommitIndex = recovered.commitIndex();
  }

  /** Opens with {@link LogOptions#DEFAULT}. */
  public static SegmentedLog open(Path directory) throws IOException {
    return open(directory, LogOptions.DEFAULT);
  }

  /**
   * Opens the log of a directory, which must exist, or begins an empty one. Reads and checks all of
   * it, cuts a torn tail, and forces the last segment once more (R14).
   *
   * @throws DamagedLogException if it is damaged where a crash cannot have damaged it
   * @throws UnknownFormatException if a newer version wrote it
   */
  public static SegmentedLog open(Path directory, LogOptions options) throws IOException {
    CheckedFile floor =
        new CheckedFile(
            directory.resolve("commit-floor"),
            COMMIT_FLOOR_MAGIC,
            1,
            "Keep a copy of this server's data directory, then start the server with an empty one,"
                + " so that it learns everything from its peers.");
    LogRecovery recovered = LogRecovery.run(directory, floor);
    SegmentedLog log = new SegmentedLog(directory, options, recovered);
    logger.info(
        "log {}: {} to {}, committed at least {}, {} segment(s)",
        directory,
        log.segments.firstKey(),
        log.last(),
        log.durableCommitIndex,
        log.segments.size());
    return log;
  }

  @Override
  public LogPosition last() {
    return segments.lastEntry().getValue().last();
  }

  @Override
  public long recordedCommitIndex() {
    return durableCommitIndex;
  }

  /**
   * {@inheritDoc} A commit index beyond the log's end is recorded as that end: what is not here
   * cannot be known here to be committed.
   *
   * @throws IllegalArgumentException if the entries do not follow {@link #last} by index and hash;
   *     nothing is written then
   */
  @Override
  public void append(List<Entry> entries, long commitIndex) throws IOException {
    LogPosition end = active.last();
    for (Entry entry : entries) {
      if (!entry.follows(end)) {
        throw new IllegalArgumentException("entry " + entry + " does not follow " + end);
      }
      if (entry.payload().length > LogRecord.PAYLOAD_BYTES_MAX) {
        throw new IllegalArgumentException("entry " + entry + " is too large for the log");
      }
      end = entry.position();
    }
    long commit = Math.max(writtenCommitIndex, Math.min(commitIndex, end.index()));
    if (entries.isEmpty() && commit == writtenCommitIndex) {
      return;
    }
    long bytes = AppendEncoder.bytes(entries);
    writing(() -> write(entries, commit, bytes));
  }

  private void write(List<Entry> entries, long commit, long bytes) throws IOException {
    boolean hasEntries = active.last().index() >= active.firstIndex();
    if (hasEntries && active.bytes() + bytes > options.segmentBytes()) {
      roll();
    }
    ByteBuffer out = encoder.encode(active, entries, commit, durableBytes, bytes);
    long at = active.bytes();
    while (out.hasRemaining()) {
      at += writer.write(out, at);
    }
    writtenCommitIndex = commit;
    // The cache first: whoever sees the new end finds it there.
    cache.add(entries);
    active.extend(entries.isEmpty() ? active.last() : last(entries), at);
  }

  private static LogPosition last(List<Entry> entries) {
    return entries.get(entries.size() - 1).position();
  }

  private void roll() throws IOException {
    // A segment is whole on the disk before the next one exists: that is why a bad record in any
    // but the last is never a torn tail.
    force();
    Segment next = LogRecovery.createSegment(directory, salts.nextLong(), active.last());
    FileChannel nextWriter =
        FileChannel.open(next.file(), StandardOpenOption.READ, StandardOpenOption.WRITE);
    writer.close();
    use(next, nextWriter);
    segments.put(next.firstIndex(), next);
  }

  private void use(Segment segment, FileChannel itsWriter) {
    active = segment;
    writer = itsWriter;
    durableBytes = segment.bytes();
  }

  @Override
  public void sync() throws IOException {
    writing(this::force);
  }

  private void force() throws IOException {
    if (durableBytes < active.bytes()) {
      writer.force(false);
      durableBytes = active.bytes();
      durableCommitIndex = writtenCommitIndex;
    }
  }

  /**
   * {@inheritDoc} Here it is durable at once. A crash on the way leaves the old log, the new one,
   * or a prefix between; all of them hold what is committed.
   */
  @Override
  public void truncateAfter(long index) throws IOException {
    if (index < writtenCommitIndex) {
      throw new IllegalArgumentException(
          "truncation after " + index + " would remove what is committed: " + writtenCommitIndex);
    }
    if (index + 1 < segments.firstKey()) {
      throw new IllegalArgumentException(
          "truncation after " + index + " is before the log's start, " + segments.firstKey());
    }
    if (index >= active.last().index()) {
      return;
    }
    writing(
        () -> {
          // The marks behind the cut go with it, so the commit index is stored aside first, and
          // what it speaks of is forced before that.
          force();
          commitFloor.write(ByteBuffer.allocate(8).putLong(writtenCommitIndex).array());
          truncation.writeLock().lock();
          try {
            cut(index);
          } finally {
            truncation.writeLock().unlock();
          }
        });
  }

  private void cut(long index) throws IOException {
    cache.truncateAfter(index);
    // Last first, each gone for certain before the next: never a hole in the middle.
    while (active.firstIndex() > index && segments.size() > 1) {
      writer.close();
      segments.remove(active.firstIndex());
      DurableFiles.delete(active.file());
      Segment before = segments.lastEntry().getValue();
      use(
          before,
          FileChannel.open(before.file(), StandardOpenOption.READ, StandardOpenOption.WRITE));
    }
    active.truncateAfter(index, writer);
    durableBytes = active.bytes();
  }

  @Override
  public List<Entry> read(long afterIndex, long upToIndex, int bytesMax) throws IOException {
    truncation.readLock().lock();
    try {
      long first = afterIndex + 1;
      long upTo = Math.min(upToIndex, last().index());
      if (first < segments.firstKey()) {
        throw new NoSuchElementException(
            "entry " + first + " is no longer kept, the log starts at " + segments.firstKey());
      }
      ReadBatch batch = new ReadBatch(upTo, bytesMax);
      while (first + batch.size() <= upTo && !batch.isFull()) {
        long next = first + batch.size();
        cache.read(next, batch);
        if (first + batch.size() == next && !batch.isFull()) {
          segments.floorEntry(next).getValue().read(next, batch);
        }
      }
      return batch.entries();
    } finally {
      truncation.readLock().unlock();
    }
  }

  @Override
  public Optional<LogPosition> position(long index) throws IOException {
    if (index == 0) {
      return Optional.of(LogPosition.START);
    }
    truncation.readLock().lock();
    try {
      Optional<LogPosition> cached = cache.position(index);
      if (cached.isPresent()) {
        return cached;
      }
      // The entry before a segment is named in its header, so one index before the log's start is
      // known too.
      if (index > last().index() || index + 1 < segments.firstKey()) {
        return Optional.empty();
      }
      Map.Entry<Long, Segment> holder = segments.floorEntry(index + 1);
      Segment segment = holder.getValue();
      return segment.position(index);
    } finally {
      truncation.readLock().unlock();
    }
  }

  /** Closes the files. What was not forced may be lost by a crash of the machine. */
  @Override
  public void close() throws IOException {
    writer.close();
  }

  private interface Writing {
    void run() throws IOException;
  }

  private void writing(Writing work) throws IOException {
    IOException earlier = failure;
    if (earlier != null) {
      throw new IOException("the log takes no more writes, for one failed: " + earlier, earlier);
    }
    try {
      work.run();
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }
}
