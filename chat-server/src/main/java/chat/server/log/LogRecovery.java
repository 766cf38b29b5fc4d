package chat.server.log;

import chat.server.files.DurableFiles;
import chat.server.replication.LogPosition;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a start finds: the segments of a directory, checked and chained, the torn tail cut, and the
 * newest commit index that they record.
 */
record LogRecovery(
    ConcurrentSkipListMap<Long, Segment> segments, CommitFloor commitFloor, long commitIndex) {
  private static final Logger logger = LoggerFactory.getLogger(LogRecovery.class);
  private static final String SUFFIX = ".log";

  static LogRecovery run(Path directory, CommitFloor commitFloor) throws IOException {
    List<Path> files = segmentFiles(directory);
    ConcurrentSkipListMap<Long, Segment> segments = new ConcurrentSkipListMap<>();
    long floor = commitFloor.index();
    long commitIndex = floor;
    for (int i = 0; i < files.size(); i++) {
      boolean isLast = i == files.size() - 1;
      Path file = files.get(i);
      try (FileChannel channel =
          FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
        SegmentScan scan = SegmentScan.of(file, channel, isLast);
        requireChained(file, scan.header(), segments.lastEntry());
        requireBeginning(file, scan.header(), segments.isEmpty(), floor);
        if (isLast) {
          requireCommitted(file, scan, floor);
          // Forced even if nothing is torn (R14): the process before may have died between its
          // write and its fsync, and this one is about to vouch for what it reads.
          cutAndForce(file, channel, scan);
        }
        commitIndex = Math.max(commitIndex, scan.commitIndex());
        segments.put(
            scan.header().firstIndex(),
            new Segment(file, scan.header(), scan.index(), scan.last(), scan.validBytes()));
      }
    }
    // Renames and deletions of the process before, likewise.
    DurableFiles.forceDirectory(directory);
    if (files.isEmpty() && floor > 0) {
      throw new DamagedLogException(
          directory,
          0,
          "Entry " + floor + " was committed, but every segment of the log is missing");
    }
    if (segments.isEmpty()) {
      Segment first = createSegment(directory, new SecureRandom().nextLong(), LogPosition.START);
      segments.put(first.firstIndex(), first);
    }
    return new LogRecovery(segments, commitFloor, commitIndex);
  }

  /** Makes the files of a log that goes on after {@code start}; one that breaks off is refused. */
  static void begin(Path directory, CommitFloor commitFloor, LogPosition start) throws IOException {
    if (!segmentFiles(directory).isEmpty() || commitFloor.index() > 0) {
      throw new FileAlreadyExistsException(directory.toString(), null, "there is a log already");
    }
    // The floor last: until it is there, the beginning of this log counts as lost.
    createSegment(directory, new SecureRandom().nextLong(), start);
    commitFloor.raise(start.index());
  }

  /** Makes an empty segment. It has its name only once its header is on the disk. */
  static Segment createSegment(Path directory, long salt, LogPosition before) throws IOException {
    SegmentHeader header = new SegmentHeader(salt, before);
    Path file =
        directory.resolve(String.format(Locale.ROOT, "%020d%s", header.firstIndex(), SUFFIX));
    DurableFiles.replace(file, header.encode());
    return Segment.empty(file, header);
  }

  private static List<Path> segmentFiles(Path directory) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory)) {
      for (Path path : found) {
        String name = path.toString();
        if (name.endsWith(DurableFiles.TEMPORARY_SUFFIX)) {
          // Never renamed, so never part of the log.
          Files.delete(path);
        } else if (name.endsWith(SUFFIX)) {
          files.add(path);
        }
      }
    }
    // Names have leading zeros: their order is the log's.
    Collections.sort(files);
    return files;
  }

  private static void requireChained(
      Path file, SegmentHeader header, Map.Entry<Long, Segment> before) throws IOException {
    if (before != null && !before.getValue().last().equals(header.before())) {
      throw new DamagedLogException(
          file,
          0,
          "A piece of the log is missing: this segment follows entry "
              + header.before()
              + ", but the one before it ends at "
              + before.getValue().last());
    }
    String name = String.valueOf(file.getFileName());
    if (!name.equals(String.format(Locale.ROOT, "%020d%s", header.firstIndex(), SUFFIX))) {
      throw new DamagedLogException(
          file, 0, "This segment was renamed: it begins with entry " + header.firstIndex());
    }
  }

  private static void requireBeginning(Path file, SegmentHeader header, boolean isFirst, long floor)
      throws DamagedLogException {
    if (isFirst && header.before().index() > floor) {
      throw new DamagedLogException(
          file,
          0,
          "The beginning of the log is missing: its first segment follows entry "
              + header.before()
              + ", but only what is committed is ever trimmed, and that was up to entry "
              + floor);
    }
  }

  private static void requireCommitted(Path file, SegmentScan scan, long floor)
      throws DamagedLogException {
    if (scan.last().index() < floor) {
      throw new DamagedLogException(
          file,
          scan.validBytes(),
          "The log ends at entry "
              + scan.last().index()
              + ", but entry "
              + floor
              + " was committed: its end is missing");
    }
  }

  private static void cutAndForce(Path file, FileChannel channel, SegmentScan scan)
      throws IOException {
    if (scan.tornBytes() > 0) {
      logger.warn(
          "log segment {}: cut {} byte(s) of a write that a crash broke off, after entry {}. They"
              + " were never acknowledged.",
          file,
          scan.tornBytes(),
          scan.last().index());
    }
    if (scan.bytesBeyond() > 0) {
      channel.truncate(scan.validBytes());
    }
    channel.force(true);
  }
}
