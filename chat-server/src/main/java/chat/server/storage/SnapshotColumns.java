package chat.server.storage;

import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/**
 * A table of the database whose rows are in a snapshot as they are: its columns by name and type,
 * whatever others the database keeps. The first column is its key, which its rows are ordered by.
 */
enum SnapshotColumns {
  ACCOUNTS(
      SnapshotTable.ACCOUNTS,
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
      SnapshotTable.SESSIONS,
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
          Column.number("discarded")));

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

  private final SnapshotTable table;
  private final String name;

  @SuppressWarnings("ImmutableEnumChecker") // List.of
  private final List<Column> columns;

  SnapshotColumns(SnapshotTable table, String name, List<Column> columns) {
    this.table = table;
    this.name = name;
    this.columns = columns;
  }

  SnapshotTable table() {
    return table;
  }

  /**
   * Of a page of its rows, in order. Parameters: the key after which to begin, the number of rows
   * at most.
   */
  String select() {
    String key = columns.get(0).name();
    return "SELECT "
        + names()
        + " FROM "
        + name
        + " WHERE "
        + key
        + " > ? ORDER BY "
        + key
        + " LIMIT ?";
  }

  /** A key that is below all. */
  Object firstKey() {
    return columns.get(0).type() == Type.BYTES ? new byte[0] : (Object) Long.MIN_VALUE;
  }

  String insert() {
    return "INSERT INTO "
        + name
        + "("
        + names()
        + ") VALUES(?"
        + ", ?".repeat(columns.size() - 1)
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
        case TEXT -> SnapshotFormat.writeText(row.getString(i + 1), out);
        case BYTES -> SnapshotFormat.writeBytes(row.getBytes(i + 1), out);
      }
    }
    return columns.get(0).type() == Type.BYTES ? row.getBytes(1) : (Object) row.getLong(1);
  }

  /** Reads a row into the parameters of an {@link #insert}. */
  void read(DataInputStream in, PreparedStatement insert) throws SQLException, IOException {
    for (int i = 0; i < columns.size(); i++) {
      switch (columns.get(i).type()) {
        case NUMBER -> insert.setLong(i + 1, in.readLong());
        case TRUTH -> insert.setBoolean(i + 1, in.readBoolean());
        case TEXT -> insert.setString(i + 1, SnapshotFormat.readText(in));
        case BYTES -> insert.setBytes(i + 1, SnapshotFormat.readBytes(in));
      }
    }
  }
}
