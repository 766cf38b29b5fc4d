package chat.server;

import chat.server.storage.SnapshotHeader;
import chat.server.storage.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A backup that was read from end to end and found whole.
 *
 * @param index of the last log entry whose effect is in it
 */
record BackupFile(long index) {
  /**
   * Checks a file.
   *
   * @throws CommandFailure in words, if it is no backup, damaged, or of another version
   */
  static BackupFile check(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new UsageException("There is no file " + file + ".");
    }
    try {
      SnapshotHeader header = Snapshots.verify(file);
      return new BackupFile(header.position().index());
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.FAILED, file + " cannot be used. " + e.getMessage(), e);
    }
  }
}
