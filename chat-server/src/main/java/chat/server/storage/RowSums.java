package chat.server.storage;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Arrays;

/**
 * The sum of the hashes of all rows of each table, and how many messages there are: kept with every
 * transaction, and held against the rows when the database is opened, since H2 does not check what
 * it reads. One thread's.
 */
final class RowSums {
  static final int ACCOUNTS = 0;
  static final int SESSIONS = 1;
  static final int MESSAGES = 2;
  static final int MESSAGE_COUNT = 3;

  /** Of the first of the tables of request ids; those of the others follow. */
  static final int REQUESTS = 4;

  /** Of what is written only when the database is closed in order. */
  static final int MAILBOXES = REQUESTS + Schema.REQUEST_TABLES;

  /** As they stand in the table {@code applied}. */
  static final String[] COLUMNS = {
    "accounts_sum",
    "sessions_sum",
    "messages_sum",
    "messages_count",
    "requests_0_sum",
    "requests_1_sum",
    "requests_2_sum",
    "mailboxes_sum"
  };

  private final long[] sums = new long[COLUMNS.length];

  static RowSums read(ResultSet applied) throws SQLException {
    RowSums read = new RowSums();
    for (int i = 0; i < COLUMNS.length; i++) {
      read.sums[i] = applied.getLong(COLUMNS[i]);
    }
    return read;
  }

  /** One for each of the columns. */
  long[] values() {
    return sums.clone();
  }

  void add(int sum, long hash) {
    sums[sum] += hash;
  }

  void remove(int sum, long hash) {
    sums[sum] -= hash;
  }

  void addAll(RowSums others) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += others.sums[i];
    }
  }

  void clear(int sum) {
    sums[sum] = 0;
  }

  long get(int sum) {
    return sums[sum];
  }

  /**
   * Refuses a database whose rows are not what was summed up.
   *
   * @param found sums of the rows that it has
   */
  void require(int sum, long found) throws DatabaseUnusableException {
    if (sums[sum] != found) {
      throw new DatabaseUnusableException(
          "the database is damaged: its rows have the "
              + COLUMNS[sum]
              + " "
              + found
              + ", but those that were written "
              + sums[sum]);
    }
  }

  @Override
  public String toString() {
    return Arrays.toString(sums);
  }
}
