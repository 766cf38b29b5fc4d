package chat.client.cli;

import java.io.FilterReader;
import java.io.IOException;
import java.io.Reader;

/**
 * Ends a text within which a line does not end: whoever waits for its end would fill the memory.
 */
final class LineLimit extends FilterReader {
  /** Far more than any server takes. */
  private static final int CHARACTERS_MAX = 1 << 20;

  private int sinceNewline;

  LineLimit(Reader in) {
    super(in);
  }

  @Override
  public int read() throws IOException {
    char[] one = new char[1];
    return read(one, 0, 1) < 0 ? -1 : one[0];
  }

  @Override
  public int read(char[] buffer, int offset, int length) throws IOException {
    int count = super.read(buffer, offset, length);
    for (int i = offset; i < offset + count; i++) {
      boolean end = buffer[i] == '\n' || buffer[i] == '\r';
      sinceNewline = end ? 0 : sinceNewline + 1;
    }
    if (sinceNewline > CHARACTERS_MAX) {
      throw new IOException("a line of it is longer than " + CHARACTERS_MAX + " characters");
    }
    return count;
  }
}
