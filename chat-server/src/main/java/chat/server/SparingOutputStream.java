package chat.server;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes a file as long as there is room for it: asks before the first byte, and again after every
 * few megabytes. One thread's.
 */
final class SparingOutputStream extends FilterOutputStream {
  /** Small beside what any disk keeps in reserve, large beside the cost of the question. */
  static final int ASK_BYTES = 1 << 20;

  /** Whether there is room on a disk. */
  interface Room {
    /**
     * Returns if there is room.
     *
     * @throws IOException in words, if there is not
     */
    void require() throws IOException;
  }

  private final Room room;
  private long leftBytes;

  SparingOutputStream(OutputStream out, Room room) {
    super(out);
    this.room = room;
  }

  @Override
  public void write(int b) throws IOException {
    spend(1);
    out.write(b);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    spend(length);
    out.write(bytes, from, length);
  }

  private void spend(int bytes) throws IOException {
    if (leftBytes < bytes) {
      room.require();
      leftBytes = Math.max(ASK_BYTES, bytes);
    }
    leftBytes -= bytes;
  }
}
