package chat.server.storage;

import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/**
 * A table as a snapshot has it: its columns by name and type, whatever others the database keeps.
 * The first column is its key, which its rows are ordered by.
 */
enum SnapshotTable {
  ACCOUNTS(
      1,
      "accounts",
      List.of(
          Column.number("id"),
          Column.text("username"),
          Column.text("password_hash"),
          Column.text("create_request"),
          Column.number("created"),
          Column.number("acknowledged"),
          Column.truth("deleted"))),
  SESSIONS(
      2,
      "sessions",
      List.of(
          Column.bytes("token"),
          Column.number("account_id"),
          Column.number("state"),
          Column.number("expires"),
          Column.number("touched"),
          Column.number("stream_id"),
          Column.number("reign"),
          Column.text("request_id"),
          Column.number("discarded"))),
  MESSAGES(
      3,
      "messages",
      List.of(
          Column.number("id"),
          Column.number("sender_id"),
          Column.number("recipient_id"),
          Column.number("sent"),
          Column.truth("live"),
          Column.text("text"))),
  REQUESTS_0(4, "requests_0", requests()),
  REQUESTS_1(5, "requests_1", requests()),
  REQUESTS_2(6, "requests_2", requests());

  private enum Type {
    NUMBER,
    TRUTH,
    TEXT,
    BYTES
  }

  private record Column(String name, Type type) {
    static Column number(String name) {
      return new Column(name, Type.NUMBER);
    }

    static Column truth(String name) {
      return new Column(name, Type.TRUTH);
    }

    static Column text(String name) {
      return new Column(name, Type.TEXT);
    }

    static Column bytes(String name) {
      return new Column(name, Type.BYTES);
    }
  }

  private final int code;
  private final String table;

  @SuppressWarnings("ImmutableEnumChecker") // List.of
  private final List<Column> columns;

  SnapshotTable(int code, String table, List<Column> columns) {
    this.code = code;
    this.table = table;
    this.columns = columns;
  }

  private static List<Column> requests() {
    return List.of(
        Column.number("message_id"), Column.number("account_id"), Column.text("request_id"));
  }

  /** What stands for it in a block; 0 is the end. */
  int code() {
    return code;
  }

  /**
   * The table that a code stands for.
   *
   * @throws IndexOutOfBoundsException if there is none
   */
  static SnapshotTable of(int code) {
    for (SnapshotTable table : values()) {
      if (table.code == code) {
        return table;
      }
    }
    throw new IndexOutOfBoundsException("table " + code);
  }

  /**
   * Of a page of its rows, in order. Parameters: the key after which to begin, the number of rows
   * at most; between them, for request ids, the time after which a message's still counts.
   */
  String select() {
    String key = columns.get(0).name();
    // The message is looked up for each: its table is the large one, not to be gone through.
    String counting =
        isRequests()
            ? " AND (SELECT m.sent FROM messages m WHERE m.id = " + table + ".message_id) > ?"
            : "";
    return "SELECT "
        + names()
        + " FROM "
        + table
        + " WHERE "
        + key
        + " > ?"
        + counting
        + " ORDER BY "
        + key
        + " LIMIT ?";
  }

  boolean isRequests() {
    return compareTo(REQUESTS_0) >= 0;
  }

  /** A key that is below all. */
  Object firstKey() {
    return columns.get(0).type() == Type.BYTES ? new byte[0] : (Object) Long.MIN_VALUE;
  }

  String insert() {
    return "INSERT INTO "
        + table
        + "("
        + names()
        + (this == MESSAGES ? ", sender_before, recipient_before" : "")
        + ") VALUES(?"
        + ", ?".repeat(columns.size() - 1)
        + (this == MESSAGES ? ", ?, ?" : "")
        + ")";
  }

  private String names() {
    return String.join(", ", columns.stream().map(Column::name).toList());
  }

  /** Writes the row of a {@link #select}; its key. */
  Object write(ResultSet row, DataOutput out) throws SQLException, IOException {
    for (int i = 0; i < columns.size(); i++) {
      switch (columns.get(i).type()) {
        case NUMBER -> out.writeLong(row.getLong(i + 1));
        case TRUTH -> out.writeBoolean(row.getBoolean(i + 1));
        case TEXT -> writeBytes(row.getString(i + 1).getBytes(StandardCharsets.UTF_8), out);
        case BYTES -> writeBytes(row.getBytes(i + 1), out);
      }
    }
    return columns.get(0).type() == Type.BYTES ? row.getBytes(1) : (Object) row.getLong(1);
  }

  /**
   * Reads a row into the parameters of an {@link #insert}.
   *
   * @param chains what is known of the messages read before: they come in order
   */
  void read(DataInputStream in, PreparedStatement insert, ChatMemory chains)
      throws SQLException, IOException {
    long[] numbers = new long[columns.size()];
    for (int i = 0; i < columns.size(); i++) {
      switch (columns.get(i).type()) {
        case NUMBER -> {
          numbers[i] = in.readLong();
          insert.setLong(i + 1, numbers[i]);
        }
        case TRUTH -> insert.setBoolean(i + 1, in.readBoolean());
        case TEXT -> insert.setString(i + 1, new String(readBytes(in), StandardCharsets.UTF_8));
        case BYTES -> insert.setBytes(i + 1, readBytes(in));
      }
    }
    if (this == MESSAGES) {
      long sender = numbers[1];
      long recipient = numbers[2];
      insert.setLong(columns.size() + 1, chains.newestOf(sender));
      insert.setLong(columns.size() + 2, chains.newestOf(recipient));
      chains.add(sender, recipient, numbers[0], false);
    }
  }

  private static void writeBytes(byte[] bytes, DataOutput out) throws IOException {
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static byte[] readBytes(DataInputStream in) throws IOException {
    int length = in.readInt();
    // What is left of the block is in memory: a length beyond it reserves nothing.
    if (length < 0 || length > in.available()) {
      throw new DamagedSnapshotException("a value of " + length + " bytes");
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }
}
