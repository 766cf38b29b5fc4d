package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.chat.CommandLog;
import chat.server.chat.Outcome;
import chat.server.replication.LogPosition;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaUpgradeTest {
  private static final int ENTRIES = 12_000;
  private static final int FIRST = 9_000;

  @TempDir Path directory;

  private final long seed = Long.getLong("upgrade.seed", System.nanoTime() & 0xffffff);

  @Test
  void aDatabaseOfTheVersionBeforeGoesOnAsItWouldHaveWhereverTheUpgradeBrokeOff() throws Exception {
    System.out.println("upgrade: seed " + seed);
    CommandLog log = RandomCommands.log(seed, ENTRIES);
    Path never = directory.resolve("never");
    Path old = directory.resolve("old");
    long digest;
    List<Outcome> rest;
    try (H2ChatState state = H2ChatState.open(never)) {
      CommandLog.apply(state, log.slice(1, FIRST));
      digest = state.digest();
      rest = CommandLog.apply(state, log.slice(FIRST + 1, log.size()));
    }
    try (H2ChatState state = H2ChatState.open(old)) {
      CommandLog.apply(state, log.slice(1, FIRST));
    }
    makeOld(old, log.at(FIRST));
    try (Connection connection = DriverManager.getConnection(H2Database.appendingUrl(old));
        Statement statement = connection.createStatement()) {
      // All of it, and then a crash: nothing says that it is on the disk.
      assertThat(Schema.ensure(connection)).isTrue();
      statement.execute("CHECKPOINT SYNC");
      statement.execute("SHUTDOWN IMMEDIATELY");
    }
    H2ChatState upgraded = H2ChatState.open(old);
    assertThat(upgraded.position()).isEqualTo(log.at(FIRST));
    assertThat(upgraded.digest()).as("seed %d", seed).isEqualTo(digest);
    upgraded.abandon();
    try (DatabaseFile made = DatabaseFile.open(old, Long.MAX_VALUE);
        Connection connection = DriverManager.getConnection(H2Database.appendingUrl(old))) {
      assertThat(made.position()).isEqualTo(log.at(FIRST));
      assertThat(Schema.ensure(connection)).as("done again after a crash").isFalse();
    }
    DatabaseFile.remember(old, log.at(FIRST));
    try (H2ChatState state = H2ChatState.open(old)) {
      assertThat(CommandLog.apply(state, log.slice(FIRST + 1, log.size())))
          .as("seed %d", seed)
          .isEqualTo(rest);
    }
  }

  /** What the build before would have had there. */
  private static void makeOld(Path database, LogPosition position) throws Exception {
    try (Connection connection = DriverManager.getConnection(H2Database.appendingUrl(database));
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE old(id BIGINT PRIMARY KEY, sender_id BIGINT NOT NULL,"
              + " recipient_id BIGINT NOT NULL, sent BIGINT NOT NULL, live BOOLEAN NOT NULL,"
              + " text VARCHAR NOT NULL, sender_before BIGINT NOT NULL,"
              + " recipient_before BIGINT NOT NULL)");
      copyMessages(connection);
      statement.execute("DROP TABLE messages");
      statement.execute("ALTER TABLE old RENAME TO messages");
      for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
        statement.execute(
            "CREATE TABLE old(account_id BIGINT NOT NULL, request_id VARCHAR(64) NOT NULL,"
                + " message_id BIGINT PRIMARY KEY)");
        copyRequests(connection, i);
        statement.execute("DROP TABLE requests_" + i);
        statement.execute("DROP TABLE late_requests_" + i);
        statement.execute("ALTER TABLE old RENAME TO requests_" + i);
        statement.execute(
            "CREATE INDEX by_request_" + i + " ON requests_" + i + "(request_id, account_id)");
      }
      statement.execute("UPDATE applied SET version = " + SchemaUpgrade.FROM);
      statement.execute("SHUTDOWN");
    }
    DatabaseFile.remember(database, position);
  }

  private static void copyMessages(Connection connection) throws SQLException {
    try (MessageTable messages = new MessageTable(connection, id -> "");
        PreparedStatement insert =
            connection.prepareStatement("INSERT INTO old VALUES(?, ?, ?, ?, ?, ?, ?, ?)")) {
      List<MessageRow> page = messages.after(0);
      assertThat(page).isNotEmpty();
      while (!page.isEmpty()) {
        for (MessageRow row : page) {
          insert.setLong(1, row.id());
          insert.setLong(2, row.message().senderId());
          insert.setLong(3, row.message().recipientId());
          insert.setLong(4, row.message().sentTimeMicros());
          insert.setBoolean(5, row.live());
          insert.setString(6, row.message().text());
          insert.setLong(7, row.senderBefore());
          insert.setLong(8, row.recipientBefore());
          insert.addBatch();
        }
        insert.executeBatch();
        page = messages.after(page.get(page.size() - 1).id());
      }
    }
  }

  private static void copyRequests(Connection connection, int day) throws SQLException {
    RequestTable.Reader reader = new RequestTable(connection, day).reader();
    try (PreparedStatement insert =
        connection.prepareStatement("INSERT INTO old VALUES(?, ?, ?)")) {
      List<RequestRow> page = reader.next();
      while (!page.isEmpty()) {
        for (RequestRow row : page) {
          insert.setLong(1, row.accountId());
          insert.setString(2, row.requestId());
          insert.setLong(3, row.messageId());
          insert.addBatch();
        }
        insert.executeBatch();
        page = reader.next();
      }
    }
  }
}
