package chat.server.api;

import chat.server.chat.StoredMessage;
import chat.v1.Message;
import com.google.protobuf.Timestamp;
import java.time.Duration;

/** Conversions between our types and those of the protocol. Stateless. */
final class Protos {
  private static final long MICROS_PER_SECOND = 1_000_000;
  private static final long NANOS_PER_MICRO = 1_000;

  private Protos() {}

  /** Microseconds since 1970 as a timestamp. */
  static Timestamp timestamp(long micros) {
    return Timestamp.newBuilder()
        .setSeconds(Math.floorDiv(micros, MICROS_PER_SECOND))
        .setNanos((int) (Math.floorMod(micros, MICROS_PER_SECOND) * NANOS_PER_MICRO))
        .build();
  }

  static Message message(StoredMessage stored) {
    return Message.newBuilder()
        .setMessageId(stored.messageId())
        .setSender(stored.sender())
        .setRecipient(stored.recipient())
        .setText(stored.text())
        .setSentTime(timestamp(stored.sentTimeMicros()))
        .build();
  }

  static com.google.protobuf.Duration duration(Duration duration) {
    return com.google.protobuf.Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }
}
