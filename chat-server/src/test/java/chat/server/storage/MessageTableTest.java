package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.chat.StoredMessage;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessageTableTest {
  @TempDir Path directory;

  private final long seed = Long.getLong("messages.seed", System.nanoTime() & 0xffffff);
  private final Random dice = new Random(seed);

  @Test
  void everyMessageIsFoundAndNoOther() throws Exception {
    System.out.println("messages: seed " + seed);
    TreeMap<Long, MessageRow> written = new TreeMap<>();
    try (Connection connection = DriverManager.getConnection(H2Database.appendingUrl(directory));
        MessageTable table = new MessageTable(connection, id -> "name" + id)) {
      Schema.ensure(connection);
      assertThat(table.find(1)).isNull();
      assertThat(table.after(0)).isEmpty();
      long id = 0;
      for (int batch = 0; batch < 30; batch++) {
        List<MessageRow> rows = new ArrayList<>();
        for (int n = dice.nextInt(dice.nextBoolean() ? 3 : 500); n > 0; n--) {
          id += dice.nextInt(10) == 0 ? 1L + dice.nextInt(1 << 30) : 1;
          rows.add(row(id));
          written.put(id, rows.get(rows.size() - 1));
        }
        table.write(rows);
        connection.commit();
      }
      for (MessageRow row : written.values()) {
        assertThat(table.find(row.id())).as("seed %d", seed).isEqualTo(row);
      }
      for (int i = 0; i < 2_000; i++) {
        long any = dice.nextBoolean() ? dice.nextLong() : dice.nextLong(id + 2);
        assertThat(table.find(any)).as("%d, seed %d", any, seed).isEqualTo(written.get(any));
      }
      for (int i = 0; i < 20; i++) {
        long after = dice.nextLong(id + 2);
        List<MessageRow> read = new ArrayList<>();
        List<MessageRow> page = table.after(after);
        while (!page.isEmpty()) {
          read.addAll(page);
          page = table.after(page.get(page.size() - 1).id());
        }
        assertThat(read)
            .as("after %d, seed %d", after, seed)
            .containsExactlyElementsOf(written.tailMap(after, false).values());
      }
    }
  }

  @Test
  void whatIsNoPackIsSaidToBeDamaged() throws Exception {
    try (Connection connection = DriverManager.getConnection(H2Database.appendingUrl(directory));
        MessageTable table = new MessageTable(connection, id -> "name" + id)) {
      Schema.ensure(connection);
      for (String damaged : new String[] {"", "ff", "ffffffff", "00000002", "0000000100000009"}) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("DELETE FROM messages");
          statement.execute("INSERT INTO messages VALUES(7, X'" + damaged + "')");
        }
        assertThatThrownBy(() -> table.find(7)).as(damaged).isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> table.after(0)).as(damaged).isInstanceOf(SQLException.class);
      }
    }
  }

  private MessageRow row(long id) {
    long sender = 1 + dice.nextLong(dice.nextBoolean() ? 100 : 1L << 50);
    long recipient = 1 + dice.nextLong(100);
    String text = (dice.nextBoolean() ? "x" : "\u20ac\ud83d\ude00").repeat(text());
    return new MessageRow(
        new StoredMessage(
            id,
            sender,
            "name" + sender,
            recipient,
            "name" + recipient,
            text,
            dice.nextLong() >>> 1),
        dice.nextBoolean(),
        dice.nextLong(id),
        dice.nextLong(id));
  }

  private int text() {
    return dice.nextInt(20) == 0 ? dice.nextInt(8_000) : dice.nextInt(100);
  }
}
