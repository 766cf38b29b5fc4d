package chat.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.Cluster;
import chat.server.replication.Epoch;
import chat.server.replication.Incarnation;
import chat.server.replication.ServerId;
import chat.server.replication.Status;
import chat.server.replication.View;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class LogRetentionTest {
  private static final LogRetention ROOMY = new LogRetention(1 << 20);

  /** Ten pieces of ten entries and 100 bytes each; 1 to 100. */
  private static final List<ReplicatedLog.Extent> TEN = extents(10);

  @Test
  void whatEveryServerAndTheDatabaseHaveGoes() {
    assertThat(ROOMY.trimBefore(TEN, 55, status("123", 70, 60, 80))).isEqualTo(56);
    assertThat(ROOMY.trimBefore(TEN, 75, status("123", 70, 60, 80))).isEqualTo(61);
    assertThat(ROOMY.trimBefore(TEN, 0, status("123", 70, 60, 80))).isEqualTo(1);
  }

  @Test
  void aServerThatWasNeverHeardOrIsOutOfReachHoldsTheLog() {
    assertThat(ROOMY.trimBefore(TEN, 75, status("12", 70, 60, 0))).isEqualTo(1);
    assertThat(ROOMY.trimBefore(TEN, 75, status("12", 70, 60, 22))).isEqualTo(23);
  }

  @Test
  void overItsLimitTheLogWaitsForMembersOnly() {
    // 1,000 bytes: four pieces must go.
    LogRetention tight = new LogRetention(600);
    assertThat(tight.trimBefore(TEN, 75, status("12", 70, 60, 0))).isEqualTo(41);
    assertThat(tight.trimBefore(TEN, 75, status("12", 70, 60, 22))).isEqualTo(41);
    assertThat(tight.trimBefore(TEN, 75, status("123", 70, 60, 22))).isEqualTo(23);
    assertThat(tight.trimBefore(TEN, 75, status("123", 70, 60, 0))).isEqualTo(1);
    assertThat(tight.trimBefore(TEN, 33, status("12", 70, 60, 0))).isEqualTo(34);
    // Not more than the limit asks for.
    assertThat(new LogRetention(999).trimBefore(TEN, 75, status("12", 70, 60, 0))).isEqualTo(11);
    assertThat(new LogRetention(1000).trimBefore(TEN, 75, status("12", 70, 60, 0))).isEqualTo(1);
  }

  @Test
  void aMemberThatTheStatusDoesNotKnowHoldsTheLog() {
    Status status = status("1234", 70, 60, 80);
    assertThat(ROOMY.trimBefore(TEN, 75, status)).isEqualTo(1);
    assertThat(new LogRetention(1).trimBefore(TEN, 75, status)).isEqualTo(1);
  }

  @Test
  void theLastTwoPiecesAlwaysStay() {
    LogRetention tight = new LogRetention(1);
    Status level = status("123", 100, 100, 100);
    assertThat(ROOMY.trimBefore(TEN, 100, level)).isEqualTo(81);
    assertThat(tight.trimBefore(TEN, 100, level)).isEqualTo(81);
    assertThat(tight.trimBefore(extents(2), 100, level)).isEqualTo(1);
    assertThat(tight.trimBefore(extents(1), 100, level)).isEqualTo(1);
  }

  @Test
  void aLimitBelowAByteIsRefused() {
    assertThatThrownBy(() -> new LogRetention(0)).isInstanceOf(IllegalArgumentException.class);
  }

  private static List<ReplicatedLog.Extent> extents(int count) {
    List<ReplicatedLog.Extent> extents = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      extents.add(new ReplicatedLog.Extent(1 + 10L * i, 100));
    }
    return extents;
  }

  /** Servers 1 to 3 with these ends of their logs; a digit for each member of the view. */
  private static Status status(String members, long... durable) {
    SortedMap<ServerId, Status.Server> servers = new TreeMap<>();
    for (int i = 0; i < durable.length; i++) {
      servers.put(
          new ServerId(i + 1),
          new Status.Server(Status.Role.BACKUP, durable[i] > 0, durable[i], 0, "", false));
    }
    SortedMap<ServerId, Incarnation> view = new TreeMap<>();
    members.chars().forEach(c -> view.put(new ServerId(c - '0'), new Incarnation(1)));
    return new Status(
        Status.Role.BACKUP,
        new View(Epoch.of(1, view.firstKey()), view, view.firstKey(), Cluster.UNBORN),
        null,
        false,
        false,
        List.of(),
        servers,
        new TreeMap<>());
  }
}
