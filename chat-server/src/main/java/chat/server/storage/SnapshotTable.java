package chat.server.storage;

/** What a block of a snapshot has rows of. */
enum SnapshotTable {
  ACCOUNTS(1),
  SESSIONS(2),
  MESSAGES(3),
  REQUESTS_0(4),
  REQUESTS_1(5),
  REQUESTS_2(6);

  private final int code;

  SnapshotTable(int code) {
    this.code = code;
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

  /** Of the request ids of a day. */
  static SnapshotTable ofRequests(long day) {
    return of(REQUESTS_0.code + (int) (day % Schema.REQUEST_TABLES));
  }

  /** Of a table of request ids: one of the days that it is used for. */
  int day() {
    return code - REQUESTS_0.code;
  }
}
