package chat.server.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class LogTailTest {
  private static final Epoch OLD = new Epoch(257);
  private static final Epoch NEW = new Epoch(513);

  private final LogTail log = new LogTail(LogPosition.START, List.of());

  @Test
  void whatIsCommittedIsNeitherCutNorReplacedBeforeItIsOnTheDisk() {
    Entry first = Entry.following(LogPosition.START, OLD, new byte[] {1});
    Entry second = Entry.following(first.position(), NEW, new byte[] {2});
    assertThat(log.takeOver(LogPosition.START, List.of(first, second)))
        .isEqualTo(second.position());
    log.commit(2);
    // The floor moves with the disk only.
    log.trim();
    assertThat(log.floor()).isEqualTo(LogPosition.START);
    assertThatThrownBy(() -> log.truncateAfter(1)).isInstanceOf(InvariantViolation.class);
    Entry other = Entry.following(first.position(), OLD, new byte[] {3});
    assertThat(log.takeOver(LogPosition.START, List.of(first, other))).isNull();
    assertThat(log.last()).isEqualTo(second.position());
    assertThat(log.takeUnwritten()).containsExactly(first, second);
    log.persisted();
    log.trim();
    assertThat(log.floor()).isEqualTo(second.position());
  }

  @Test
  void whatIsNotCommittedGivesWay() {
    Entry first = Entry.following(LogPosition.START, OLD, new byte[] {1});
    Entry second = Entry.following(first.position(), OLD, new byte[] {2});
    log.takeOver(LogPosition.START, List.of(first, second));
    log.commit(1);
    Entry other = Entry.following(first.position(), NEW, new byte[] {3});
    assertThat(log.takeOver(first.position(), List.of(other))).isEqualTo(other.position());
    log.truncateAfter(1);
    assertThat(log.last()).isEqualTo(first.position());
  }
}
