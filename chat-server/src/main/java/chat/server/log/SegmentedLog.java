package chat.server.log;

import chat.server.files.DurableFiles;
import chat.server.files.UnknownFormatException;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import chat.server.runtime.ReplicatedLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log as files of one directory: segments named by their first index, and {@code commit-floor},
 * which keeps the recorded commit index through a truncation and a trimming.
 *
 * <p>Writing, {@link #sync} and {@link #close} are for one thread at a time; the other methods are
 * anybody's. The first {@code IOException} of a writing method is final: whether the bytes are
 * there is unknown from then on, and every later write throws.
 */
public final class SegmentedLog implements ReplicatedLog {
  private static final Logger logger = LoggerFactory.getLogger(SegmentedLog.class);

  private final Path directory;
  private final LogOptions options;
  private final Segments segments;
  private final TailCache cache;
  private final CommitFloor commitFloor;
  private final SecureRandom salts = new SecureRandom();
  // Held while files are deleted, so that they go in order whoever trims.
  private final Object trimming = new Object();

  // The last segment, open for writing, and how much of it is on the disk for certain.
  private Segment active;
  private SegmentWriter writer;
  private long durableBytes;
  private long writtenCommitIndex;
  private volatile long durableCommitIndex;
  private final AppendEncoder encoder = new AppendEncoder();
  private @Nullable IOException failure;

  private SegmentedLog(Path directory, LogOptions options, LogRecovery recovered)
      throws IOException {
    this.directory = directory;
    this.options = options;
    this.cache = new TailCache(options.cacheBytes());
    this.segments = new Segments(recovered.segments(), cache);
    this.commitFloor = recovered.commitFloor();
    this.active = segments.last();
    this.writer = SegmentWriter.open(active, options.segmentBytes());
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
    LogRecovery recovered = LogRecovery.run(directory, new CommitFloor(directory));
    SegmentedLog log = new SegmentedLog(directory, options, recovered);
    logger.info(
        "log {}: {} to {}, committed at least {}, {} segment(s)",
        directory,
        log.firstIndex(),
        log.last(),
        log.durableCommitIndex,
        log.segments.size());
    return log;
  }

  /** {@link #create(Path, LogPosition, LogOptions)} with {@link LogOptions#DEFAULT}. */
  public static SegmentedLog create(Path directory, LogPosition start) throws IOException {
    return create(directory, start, LogOptions.DEFAULT);
  }

  /**
   * Begins a log that holds nothing and goes on after {@code start}, which it records as committed:
   * the log beside a database that was made from a snapshot. Durable when it returns; one that a
   * crash broke off is refused by {@link #open}.
   *
   * @param directory exists and holds no log
   * @throws FileAlreadyExistsException if it holds one
   */
  public static SegmentedLog create(Path directory, LogPosition start, LogOptions options)
      throws IOException {
    LogRecovery.begin(directory, new CommitFloor(directory), start);
    return open(directory, options);
  }

  @Override
  public long firstIndex() {
    return segments.firstIndex();
  }

  @Override
  public List<Extent> extents() {
    return segments.extents();
  }

  @Override
  public LogPosition last() {
    return segments.last().last();
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
    long at = writer.write(out, active.bytes());
    writtenCommitIndex = commit;
    // The cache first: whoever sees the new end finds it there.
    cache.add(entries);
    active.extend(entries.isEmpty() ? active.last() : last(entries), at);
  }

  private static LogPosition last(List<Entry> entries) {
    return entries.get(entries.size() - 1).position();
  }

  private void roll() throws IOException {
    // A segment is whole on the disk, with nothing behind it, before the next one exists: that is
    // why a bad record in any but the last is never a torn tail.
    force();
    writer.trim(active.bytes());
    Segment next = LogRecovery.createSegment(directory, salts.nextLong(), active.last());
    SegmentWriter nextWriter = SegmentWriter.open(next, options.segmentBytes());
    writer.close();
    use(next, nextWriter);
    segments.add(next);
  }

  private void use(Segment segment, SegmentWriter itsWriter) {
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
      writer.force();
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
    if (index + 1 < firstIndex()) {
      throw new IllegalArgumentException(
          "truncation after " + index + " is before the log's start, " + firstIndex());
    }
    if (index >= active.last().index()) {
      return;
    }
    writing(
        () -> {
          // The marks behind the cut go with it, so the commit index is stored aside first, and
          // what it speaks of is forced before that.
          force();
          commitFloor.raise(writtenCommitIndex);
          segments.cutting(() -> cut(index));
        });
  }

  private void cut(long index) throws IOException {
    cache.truncateAfter(index);
    // Last first, each gone for certain before the next: never a hole in the middle.
    while (active.firstIndex() > index && segments.size() > 1) {
      writer.close();
      Segment gone = active;
      Segment before = segments.removeLast();
      DurableFiles.delete(gone.file());
      use(before, SegmentWriter.open(before, options.segmentBytes()));
    }
    active.truncateAfter(index, writer);
    durableBytes = active.bytes();
  }

  /**
   * {@inheritDoc} Whole segments go, the oldest first and each for certain before the next: a crash
   * on the way leaves a log that begins somewhere between. What is not recorded as committed stays
   * in any case.
   */
  @Override
  public void trimBefore(long index) throws IOException {
    synchronized (trimming) {
      long committed = durableCommitIndex;
      long until = Math.min(index, committed + 1);
      if (segments.before(until).isEmpty()) {
        return;
      }
      // Before the first file goes: a log that begins late is otherwise one whose start was lost.
      commitFloor.raise(committed);
      for (Segment segment : segments.removeBefore(until)) {
        DurableFiles.delete(segment.file());
      }
    }
  }

  @Override
  public List<Entry> read(long afterIndex, long upToIndex, int bytesMax) throws IOException {
    return segments.read(afterIndex, upToIndex, bytesMax);
  }

  @Override
  public Optional<LogPosition> position(long index) throws IOException {
    return segments.position(index);
  }

  /** Closes the files. What was not forced may be lost by a crash of the machine. */
  @Override
  public void close() throws IOException {
    try (SegmentWriter closed = writer) {
      if (failure == null) {
        closed.trim(active.bytes());
      }
    }
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
