package chat.server.storage;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The request ids of one day, in two tables. What clients make grows with time ({@link
 * GrowingIds}), so nearly all that is written is greater than what is there: it is packed, in
 * <em>lanes</em> within which every pack is greater than the one before, so that one pack at most
 * of each lane can have an id. More than one lane, since clocks differ. What is too late for all of
 * them, and what no clock has made, is a row of its own, with an index. One thread's at a time.
 */
final class RequestTable {
  /** Each is looked into where an id may be known: so, few. */
  private static final int LANES = 2;

  private static final int PAGE_PACKS = 16;
  private static final int PAGE_ROWS = 500;

  private final Connection connection;
  private final String packs;
  private final String late;
  private @Nullable PreparedStatement selectPack;
  private @Nullable PreparedStatement selectLate;
  private @Nullable PreparedStatement insertPack;
  private @Nullable PreparedStatement insertLate;
  // Of what this object wrote and found there; to be read at first.
  private String @Nullable [] greatest;

  /**
   * @param day whose ids
   */
  RequestTable(Connection connection, long day) {
    this.connection = connection;
    this.packs = Schema.requestPacks(day);
    this.late = Schema.lateRequests(day);
  }

  /**
   * The message that a request id of an account stands for; 0 if it is not here.
   *
   * @param mayBePacked whether it is below the limit of any {@link #write}
   */
  long find(long accountId, String requestId, boolean mayBePacked) throws SQLException {
    for (int lane = 0; lane < LANES && mayBePacked; lane++) {
      long found = findPacked(lane, accountId, requestId);
      if (found != 0) {
        return found;
      }
    }
    PreparedStatement select = selectLate;
    if (select == null) {
      select =
          connection.prepareStatement(
              "SELECT message_id FROM " + late + " WHERE request_id = ? AND account_id = ?");
      selectLate = select;
    }
    select.setString(1, requestId);
    select.setLong(2, accountId);
    try (ResultSet row = select.executeQuery()) {
      return row.next() ? row.getLong(1) : 0;
    }
  }

  private long findPacked(int lane, long accountId, String requestId) throws SQLException {
    PreparedStatement select = selectPack;
    if (select == null) {
      select =
          connection.prepareStatement(
              "SELECT pack FROM "
                  + packs
                  + " WHERE lane = ? AND greatest >= ? ORDER BY lane, greatest LIMIT 1");
      selectPack = select;
    }
    select.setInt(1, lane);
    select.setString(2, requestId);
    try (ResultSet row = select.executeQuery()) {
      return row.next() ? find(new PackedRows(row.getBytes(1)), accountId, requestId) : 0;
    }
  }

  private static long find(PackedRows rows, long accountId, String requestId) throws SQLException {
    RequestRow sought = new RequestRow(requestId, accountId, 0);
    int place = rows.find(row -> RequestRow.ORDER.compare(RequestRow.read(row), sought));
    return place < 0 ? 0 : rows.read(place, RequestRow::read).messageId();
  }

  /**
   * Adds request ids that are not here; the caller commits.
   *
   * @param nowMicros the newest stamp
   */
  void write(Collection<RequestRow> rows, long nowMicros) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    List<RequestRow> left = new ArrayList<>(rows);
    left.sort(RequestRow.ORDER);
    String[] ends = greatest;
    if (ends == null) {
      ends = readGreatest();
      greatest = ends;
    }
    String limit = GrowingIds.limit(nowMicros + GrowingIds.PACKED_AHEAD_MICROS);
    for (int lane = 0; lane < LANES && !left.isEmpty(); lane++) {
      left = writePacked(lane, ends, left, limit);
    }
    writeLate(left);
  }

  /** Packs what is greater than all of the lane and below a limit; returns the rest. */
  private List<RequestRow> writePacked(int lane, String[] ends, List<RequestRow> rows, String limit)
      throws SQLException {
    PreparedStatement insert = insertPack;
    if (insert == null) {
      insert = connection.prepareStatement("INSERT INTO " + packs + " VALUES(?, ?, ?)");
      insertPack = insert;
    }
    PackedRows.Builder pack = new PackedRows.Builder();
    List<RequestRow> rest = new ArrayList<>();
    String newest = ends[lane];
    for (RequestRow row : rows) {
      // Also if it equals the last of a full pack: it would be looked for in that one.
      if (row.requestId().compareTo(ends[lane]) <= 0 || row.requestId().compareTo(limit) >= 0) {
        rest.add(row);
        continue;
      }
      row.addTo(pack);
      newest = row.requestId();
      if (pack.isFull()) {
        add(insert, lane, newest, pack);
        ends[lane] = newest;
      }
    }
    if (!pack.isEmpty()) {
      add(insert, lane, newest, pack);
      ends[lane] = newest;
    }
    if (rest.size() < rows.size()) {
      insert.executeBatch();
    }
    return rest;
  }

  private static void add(PreparedStatement insert, int lane, String last, PackedRows.Builder pack)
      throws SQLException {
    insert.setInt(1, lane);
    insert.setString(2, last);
    insert.setBytes(3, pack.take());
    insert.addBatch();
  }

  private void writeLate(List<RequestRow> rows) throws SQLException {
    if (rows.isEmpty()) {
      return;
    }
    PreparedStatement insert = insertLate;
    if (insert == null) {
      insert = connection.prepareStatement("INSERT INTO " + late + " VALUES(?, ?, ?)");
      insertLate = insert;
    }
    for (RequestRow row : rows) {
      insert.setLong(1, row.accountId());
      insert.setString(2, row.requestId());
      insert.setLong(3, row.messageId());
      insert.addBatch();
    }
    insert.executeBatch();
  }

  /** Forgets them all. Ends a transaction. */
  void clear() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("TRUNCATE TABLE " + packs);
      statement.execute("TRUNCATE TABLE " + late);
    }
    greatest = null;
  }

  /**
   * The greatest request id of all that are packed and of the others below a limit, in the order of
   * {@code compareTo}; empty if there is none.
   */
  String greatestBelow(String limit) throws SQLException {
    String found = "";
    // Not MAX(request_id), which reads them all.
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT request_id FROM "
                + late
                + " WHERE request_id < ? ORDER BY request_id DESC, account_id DESC LIMIT 1")) {
      select.setString(1, limit);
      try (ResultSet row = select.executeQuery()) {
        found = row.next() ? row.getString(1) : "";
      }
    }
    for (String end : readGreatest()) {
      found = end.compareTo(found) > 0 ? end : found;
    }
    return found;
  }

  /** Of those that are not packed, some from one request id up to below another. */
  List<RequestRow> between(String from, String below, int rowsMax) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT request_id, account_id, message_id FROM "
                + late
                + " WHERE request_id >= ? AND request_id < ? LIMIT "
                + rowsMax)) {
      select.setString(1, from);
      select.setString(2, below);
      return rows(select);
    }
  }

  private String[] readGreatest() throws SQLException {
    String[] ends = new String[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      ends[lane] =
          first(
              "SELECT greatest FROM "
                  + packs
                  + " WHERE lane = "
                  + lane
                  + " ORDER BY lane DESC, greatest DESC");
    }
    return ends;
  }

  private String first(String select) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(select + " LIMIT 1")) {
      return row.next() ? row.getString(1) : "";
    }
  }

  /** All of them, some at a time. */
  Reader reader() {
    return new Reader();
  }

  /** Reads all request ids of the day, lane after lane and then those that were late. */
  final class Reader {
    private int lane;
    private String afterRequest = "";
    private long afterMessage = Long.MIN_VALUE;

    /** The next ones; none if there are no more. */
    List<RequestRow> next() throws SQLException {
      while (lane < LANES) {
        List<RequestRow> page = nextPacked();
        if (!page.isEmpty()) {
          return page;
        }
        lane++;
        afterRequest = "";
      }
      return nextLate();
    }

    private List<RequestRow> nextPacked() throws SQLException {
      List<RequestRow> page = new ArrayList<>();
      try (PreparedStatement select =
          connection.prepareStatement(
              "SELECT greatest, pack FROM "
                  + packs
                  + " WHERE lane = ? AND greatest > ? ORDER BY lane, greatest LIMIT "
                  + PAGE_PACKS)) {
        select.setInt(1, lane);
        select.setString(2, afterRequest);
        try (ResultSet row = select.executeQuery()) {
          while (row.next()) {
            afterRequest = row.getString(1);
            PackedRows rows = new PackedRows(row.getBytes(2));
            for (int i = 0; i < rows.size(); i++) {
              page.add(rows.read(i, RequestRow::read));
            }
          }
        }
      }
      return page;
    }

    private List<RequestRow> nextLate() throws SQLException {
      try (PreparedStatement select =
          connection.prepareStatement(
              "SELECT request_id, account_id, message_id FROM "
                  + late
                  + " WHERE message_id > ? ORDER BY message_id LIMIT "
                  + PAGE_ROWS)) {
        List<RequestRow> page = page(select, afterMessage);
        if (!page.isEmpty()) {
          afterMessage = page.get(page.size() - 1).messageId();
        }
        return page;
      }
    }
  }

  /** Reads rows: request id, account, message. Parameter: the message after which to begin. */
  static List<RequestRow> page(PreparedStatement select, long afterMessage) throws SQLException {
    select.setLong(1, afterMessage);
    return rows(select);
  }

  private static List<RequestRow> rows(PreparedStatement select) throws SQLException {
    List<RequestRow> rows = new ArrayList<>();
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        rows.add(new RequestRow(row.getString(1), row.getLong(2), row.getLong(3)));
      }
    }
    return rows;
  }
}
