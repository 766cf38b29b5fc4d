package chat.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.replication.ServerId;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PeerClocksTest {
  private static final long TODAY = 1_800_000_000_000L;
  private static final long NANOS = 77;

  private final PeerClocks clocks = new PeerClocks();

  @Test
  void aloneThereIsOnlyTheOwnClock() {
    assertThat(clocks.bounded(TODAY, NANOS)).isEqualTo(TODAY);
    clocks.heard(new ServerId(2), 0, NANOS);
    assertThat(clocks.bounded(TODAY, NANOS)).isEqualTo(TODAY);
  }

  @Test
  void noStampIsMoreThanTenSecondsAheadOfEveryPeer() {
    clocks.heard(new ServerId(2), TODAY - 60_000, NANOS);
    clocks.heard(new ServerId(3), TODAY - 15_000, NANOS);
    assertThat(clocks.bounded(TODAY, NANOS)).isEqualTo(TODAY - 5_000);
    // Of two that agree on about the same time, one that lags changes nothing.
    clocks.heard(new ServerId(3), TODAY + 3, NANOS);
    assertThat(clocks.bounded(TODAY, NANOS)).isEqualTo(TODAY);
  }

  @Test
  void whatAPeerSaidGrowsOldAndIsWorthNothingInTheEnd() {
    clocks.heard(new ServerId(2), TODAY - 15_000, NANOS);
    long later = NANOS + TimeUnit.SECONDS.toNanos(4);
    assertThat(clocks.bounded(TODAY + 4_000, later)).isEqualTo(TODAY - 1_000);
    assertThat(clocks.bounded(TODAY + 6_000, later + TimeUnit.SECONDS.toNanos(2)))
        .as("the peer is not heard any more")
        .isEqualTo(TODAY + 6_000);
  }
}
