package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class RequestIdsTest {
  private final SetClock clock = new SetClock();
  private final RequestIds ids = new RequestIds(clock, new Random(7));

  @Test
  void idsAreVersionSevenAndBearTheTime() {
    UUID id = ids.nextUuid();
    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
    assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(clock.millis());
    assertThat(ids.next()).matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  }

  @Test
  void idsGrowWithinAMillisecondAndBeyondTheCounter() {
    String last = ids.next();
    for (int i = 0; i < 10_000; i++) {
      String next = ids.next();
      assertThat(next).isGreaterThan(last);
      last = next;
    }
  }

  @Test
  void idsGrowWhenTheClockGoesBack() {
    String before = ids.next();
    clock.millis -= 60_000;
    assertThat(ids.next()).isGreaterThan(before);
    clock.millis += 120_000;
    UUID later = ids.nextUuid();
    assertThat(later.getMostSignificantBits() >>> 16).isEqualTo(clock.millis());
  }

  private static final class SetClock extends Clock {
    private long millis = 1_790_000_000_000L;

    @Override
    public long millis() {
      return millis;
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(millis);
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
