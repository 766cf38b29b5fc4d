package chat.server.storage;

import chat.server.chat.StoredMessage;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes of a database of the version before what this one has: there, each message and each request
 * id was a row. Nothing is to be marked as on the disk before it is done: then a crash leaves the
 * version before, whole.
 */
final class SchemaUpgrade {
  /** The version that it begins with. */
  static final int FROM = 5;

  private static final Logger logger = LoggerFactory.getLogger(SchemaUpgrade.class);
  private static final int PAGE_ROWS = 500;

  private final Connection connection;
  private final long lastTimeMicros;

  private SchemaUpgrade(Connection connection, long lastTimeMicros) {
    this.connection = connection;
    this.lastTimeMicros = lastTimeMicros;
  }

  /** Does it, in seconds for a million messages. */
  static void run(Connection connection) throws SQLException, DatabaseUnusableException {
    logger.info("The database is of version {}: its messages are packed anew", FROM);
    SchemaUpgrade upgrade =
        new SchemaUpgrade(connection, AppliedRow.read(connection).lastTimeMicros());
    upgrade.execute("ALTER TABLE messages RENAME TO old_messages");
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      upgrade.execute("ALTER TABLE requests_" + i + " RENAME TO old_requests_" + i);
    }
    Schema.makePacked(connection);
    Schema.index(connection);
    long messages = upgrade.messages();
    upgrade.execute("DROP TABLE old_messages");
    for (int i = 0; i < Schema.REQUEST_TABLES; i++) {
      upgrade.requests(i);
      upgrade.execute("DROP TABLE old_requests_" + i);
    }
    upgrade.execute("UPDATE applied SET version = " + Schema.VERSION);
    connection.commit();
    logger.info("{} messages are packed", messages);
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private long messages() throws SQLException {
    long count = 0;
    try (MessageTable table = new MessageTable(connection, id -> "");
        PreparedStatement select =
            connection.prepareStatement(
                "SELECT id, sender_id, recipient_id, sent, live, text, sender_before,"
                    + " recipient_before FROM old_messages WHERE id > ? ORDER BY id LIMIT "
                    + PAGE_ROWS)) {
      List<MessageRow> page = messages(select, 0);
      while (!page.isEmpty()) {
        count += page.size();
        table.write(page);
        connection.commit();
        page = messages(select, page.get(page.size() - 1).id());
      }
    }
    return count;
  }

  private static List<MessageRow> messages(PreparedStatement select, long after)
      throws SQLException {
    List<MessageRow> page = new ArrayList<>();
    select.setLong(1, after);
    try (ResultSet row = select.executeQuery()) {
      while (row.next()) {
        page.add(
            new MessageRow(
                new StoredMessage(
                    row.getLong(1),
                    row.getLong(2),
                    "",
                    row.getLong(3),
                    "",
                    row.getString(6),
                    row.getLong(4)),
                row.getBoolean(5),
                row.getLong(7),
                row.getLong(8)));
      }
    }
    return page;
  }

  private void requests(int day) throws SQLException {
    RequestTable table = new RequestTable(connection, day);
    try (PreparedStatement select =
        connection.prepareStatement(
            "SELECT request_id, account_id, message_id FROM old_requests_"
                + day
                + " WHERE message_id > ? ORDER BY message_id LIMIT "
                + PAGE_ROWS)) {
      List<RequestRow> page = RequestTable.page(select, Long.MIN_VALUE);
      while (!page.isEmpty()) {
        table.write(page, lastTimeMicros);
        connection.commit();
        page = RequestTable.page(select, page.get(page.size() - 1).messageId());
      }
    }
  }
}
