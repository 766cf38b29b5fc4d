package chat.server.storage;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.function.Function;
import java.util.function.ToIntFunction;

/**
 * Rows that were written together, as one value of the database: what H2 takes for a row of its own
 * is ten times what it takes for its bytes. Any of them is found without reading the others.
 *
 * <pre>
 * number of rows 4 | where each ends, from the first one's begin, 4 each | rows
 * </pre>
 */
final class PackedRows {
  /** So many are packed at most, or one more than these bytes hold. */
  private static final int ROWS_MAX = 128;

  private static final int BYTES = 16 << 10;

  static final PackedRows NONE = new PackedRows();

  private final ByteBuffer packed;
  private final int size;

  /**
   * Of what {@link Builder#take} made; not copied.
   *
   * @throws SQLException if it is nothing that it has made
   */
  PackedRows(byte[] packed) throws SQLException {
    this.packed = ByteBuffer.wrap(packed);
    int rows = packed.length < Integer.BYTES ? -1 : this.packed.getInt(0);
    if (rows < 0 || rows > packed.length / Integer.BYTES - 1) {
      throw new SQLException("a pack of " + packed.length + " bytes with " + rows + " rows");
    }
    this.size = rows;
  }

  /** None. */
  private PackedRows() {
    this.packed = ByteBuffer.allocate(0);
    this.size = 0;
  }

  int size() {
    return size;
  }

  /** A row, from 0 on, to be read with {@code reader}. */
  <T> T read(int i, Function<ByteBuffer, T> reader) throws SQLException {
    try {
      int begin = i == 0 ? 0 : end(i - 1);
      return reader.apply(packed.slice(Integer.BYTES * (1 + size) + begin, end(i) - begin));
    } catch (IndexOutOfBoundsException | BufferUnderflowException | IllegalStateException e) {
      throw new SQLException("row " + i + " of a pack makes no sense", e);
    }
  }

  /**
   * The place of a row among rows that are in an order; negative if it is not there.
   *
   * @param order whether a row is before the one sought (negative), it, or after it
   */
  int find(ToIntFunction<ByteBuffer> order) throws SQLException {
    int low = 0;
    int high = size - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int found = read(middle, order::applyAsInt);
      if (found == 0) {
        return middle;
      } else if (found < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  private int end(int i) {
    return packed.getInt(Integer.BYTES * (1 + i));
  }

  /** Packs rows; again and again. One thread's. */
  static final class Builder {
    private final int[] ends = new int[ROWS_MAX];
    private ByteBuffer rows = ByteBuffer.allocate(BYTES + (BYTES >> 3));
    private int size;

    boolean isEmpty() {
      return size == 0;
    }

    /** Whether what was added is to be taken. */
    boolean isFull() {
      return size == ROWS_MAX || rows.position() >= BYTES;
    }

    /** Where to put the next row, which has these bytes at most. */
    ByteBuffer next(int bytesMax) {
      if (rows.remaining() < bytesMax) {
        ByteBuffer larger = ByteBuffer.allocate(rows.position() + bytesMax);
        rows = larger.put(rows.flip());
      }
      return rows;
    }

    /** It is put. */
    void added() {
      ends[size++] = rows.position();
    }

    /** What was added, packed. */
    byte[] take() {
      ByteBuffer packed = ByteBuffer.allocate(Integer.BYTES * (1 + size) + rows.position());
      packed.putInt(size);
      Arrays.stream(ends, 0, size).forEach(packed::putInt);
      packed.put(rows.flip());
      rows.clear();
      size = 0;
      return packed.array();
    }
  }
}
