package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequestTableTest {
  private static final long DAY = 4;
  private static final long MINUTE = 60_000_000;
  private static final long NOW = 20_000L * 24 * 60 * MINUTE;

  @TempDir Path directory;

  private final long seed = Long.getLong("requests.seed", System.nanoTime() & 0xffffff);
  private final Random dice = new Random(seed);
  private final List<RequestRow> written = new ArrayList<>();

  @BeforeEach
  void makeTables() throws Exception {
    System.out.println("requests: seed " + seed);
    try (Connection connection = open()) {
      Schema.ensure(connection);
    }
  }

  @Test
  void idsThatGrowAreAllPackedInOneLane() throws Exception {
    write(i -> grown(i), 40);
    requireAll();
    assertThat(count("SELECT COUNT(DISTINCT lane) FROM requests_1")).isEqualTo(1);
    assertThat(count("SELECT COUNT(*) FROM late_requests_1")).isZero();
  }

  @Test
  void idsOfTwoClocksAreAllPacked() throws Exception {
    write(i -> grown(i + (i % 2 == 0 ? 5_000 : 0)), 40);
    requireAll();
    assertThat(count("SELECT COUNT(DISTINCT lane) FROM requests_1")).isEqualTo(2);
    assertThat(count("SELECT COUNT(*) FROM late_requests_1")).isZero();
  }

  @Test
  void aFewIdsThatNoClockHasMadeDoNotKeepTheOthersFromBeingPacked() throws Exception {
    write(i -> i % 50 == 7 ? "c" + dice.nextInt() : grown(i), 40);
    requireAll();
    assertThat(count("SELECT COUNT(DISTINCT lane) FROM requests_1")).isEqualTo(1);
    assertThat(count("SELECT COUNT(*) FROM late_requests_1 WHERE request_id < 'c'")).isZero();
  }

  @Test
  void idsWithoutOrderAreAllFound() throws Exception {
    write(i -> Long.toString(dice.nextLong() >>> 1, 36), 40);
    requireAll();
    assertThat(count("SELECT COUNT(*) FROM late_requests_1")).isPositive();
  }

  @Test
  void oneIdOfManyAccountsIsFoundForEachHoweverLongItIs() throws Exception {
    // Far more than fit into one pack, and more than a value of the database holds.
    String longest = "00" + "\uffff".repeat(62);
    List<RequestRow> rows = new ArrayList<>();
    for (int account = 1; account <= 6_000; account++) {
      rows.add(new RequestRow(longest, account, account));
      rows.add(new RequestRow("0", account, 10_000 + account));
    }
    add(rows);
    requireAll();
    assertThat(count("SELECT COUNT(*) FROM requests_1")).as("packs").isPositive();
  }

  @Test
  void whatIsClearedIsForgottenAndItsPlaceUsedAgain() throws Exception {
    write(i -> grown(900_000 - i), 10);
    try (Connection connection = open()) {
      new RequestTable(connection, DAY).clear();
      connection.commit();
    }
    try (Connection connection = open()) {
      RequestTable table = new RequestTable(connection, DAY);
      for (RequestRow row : written) {
        assertThat(find(table, row.accountId(), row.requestId())).isZero();
      }
    }
    written.clear();
    write(i -> grown(i), 10);
    requireAll();
    assertThat(count("SELECT COUNT(*) FROM late_requests_1")).isZero();
  }

  private static String grown(int i) {
    return GrowingIds.limit(NOW) + String.format(Locale.ROOT, "-7000-8000-%012d", i);
  }

  private interface Ids {
    String of(int i);
  }

  /** Writes batches of request ids, now and then by another who opened the database anew. */
  private void write(Ids ids, int batches) throws Exception {
    Connection connection = open();
    RequestTable table = new RequestTable(connection, DAY);
    Set<String> seen = new HashSet<>();
    int i = 0;
    for (int batch = 0; batch < batches; batch++) {
      List<RequestRow> rows = new ArrayList<>();
      for (int n = dice.nextInt(dice.nextBoolean() ? 4 : 600); n > 0; n--) {
        RequestRow row = new RequestRow(ids.of(i), 1 + dice.nextInt(50), 1 + i++);
        if (seen.add(row.requestId() + "/" + row.accountId())) {
          rows.add(row);
        }
      }
      table.write(rows, NOW);
      connection.commit();
      written.addAll(rows);
      if (dice.nextInt(8) == 0) {
        connection.close();
        connection = open();
        table = new RequestTable(connection, DAY);
      }
    }
    connection.close();
  }

  private void add(List<RequestRow> rows) throws Exception {
    try (Connection connection = open()) {
      new RequestTable(connection, DAY).write(rows, NOW);
      connection.commit();
    }
    written.addAll(rows);
  }

  /** Each is found, nothing else is, and a reader reads them all. */
  private void requireAll() throws Exception {
    try (Connection connection = open()) {
      RequestTable table = new RequestTable(connection, DAY);
      for (RequestRow row : written) {
        assertThat(find(table, row.accountId(), row.requestId()))
            .as("%s, seed %d", row, seed)
            .isEqualTo(row.messageId());
        assertThat(find(table, row.accountId() + 10_000, row.requestId())).isZero();
        assertThat(find(table, row.accountId(), row.requestId() + "0")).isZero();
      }
      List<RequestRow> read = new ArrayList<>();
      RequestTable.Reader reader = table.reader();
      List<RequestRow> page = reader.next();
      while (!page.isEmpty()) {
        read.addAll(page);
        page = reader.next();
      }
      assertThat(read).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(written);
      String limit = GrowingIds.limit(NOW + GrowingIds.NEW_AHEAD_MICROS);
      Optional<String> greatest =
          written.stream()
              .map(RequestRow::requestId)
              .filter(id -> id.compareTo(limit) < 0)
              .max(String::compareTo);
      assertThat(table.greatestBelow(limit)).isEqualTo(greatest.orElse(""));
      assertThat(new RequestTable(connection, DAY + 1).greatestBelow(limit)).isEmpty();
      assertThat(table.between(limit, "\uffff", Integer.MAX_VALUE))
          .containsExactlyInAnyOrderElementsOf(
              written.stream().filter(row -> row.requestId().compareTo(limit) >= 0).toList());
    }
  }

  private static long find(RequestTable table, long account, String id) throws Exception {
    return table.find(
        account, id, id.compareTo(GrowingIds.limit(NOW + GrowingIds.NEW_AHEAD_MICROS)) < 0);
  }

  private long count(String select) throws Exception {
    try (Connection connection = open();
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(select)) {
      row.next();
      return row.getLong(1);
    }
  }

  private Connection open() throws Exception {
    Connection connection = DriverManager.getConnection(H2Database.appendingUrl(directory));
    connection.setAutoCommit(false);
    return connection;
  }
}
