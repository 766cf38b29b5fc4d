package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.v1.FetchMessagesResponse;
import chat.v1.GetClusterStatusResponse;
import chat.v1.LoginResponse;
import chat.v1.SendMessageResponse;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whatever a server answers is understood, or a broken server's. {@code -Dfuzz.seed=S} repeats. */
@Timeout(120)
class AnswerFuzzTest {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final long[] NUMBERS = {
    0,
    1,
    -1,
    999_999_999,
    1_000_000_000,
    253_402_300_799L,
    -62_135_596_801L,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Integer.MAX_VALUE
  };

  private static final String[] TEXTS = {
    "",
    " ",
    "chat",
    "INTERNAL",
    "NOT_PRIMARY",
    "RATE_LIMITED",
    "no reason",
    "\u0000\u001b[31m",
    "127.0.0.1:7401",
    "primary_address",
    "type.googleapis.com/google.rpc.ErrorInfo",
    "%s",
    "\u202e"
  };

  private final long seed = Long.getLong("fuzz.seed", System.nanoTime() & 0xffffff);
  private final Random dice = new Random(seed);
  private final long cases = Long.getLong("fuzz.cases", 100_000) * 5 / 100;

  private interface Reading {
    Object read() throws InvalidProtocolBufferException;
  }

  @Test
  void anAnswerIsReadOrBroken() {
    System.out.println("AnswerFuzzTest: -Dfuzz.seed=" + seed);
    int understood = 0;
    for (int round = 0; round < cases; round++) {
      List<Reading> readings =
          List.of(
              () ->
                  Wire.clusterStatus(
                      GetClusterStatusResponse.parseFrom(
                          bytes(GetClusterStatusResponse.getDescriptor()))),
              () ->
                  Wire.messages(
                      FetchMessagesResponse.parseFrom(bytes(FetchMessagesResponse.getDescriptor()))
                          .getMessagesList()),
              () ->
                  Wire.sent(
                      SendMessageResponse.parseFrom(bytes(SendMessageResponse.getDescriptor())),
                      "id"),
              () -> login(LoginResponse.parseFrom(bytes(LoginResponse.getDescriptor()))));
      try {
        assertThat(readings.get(dice.nextInt(readings.size())).read()).isNotNull();
        understood++;
      } catch (StatusRuntimeException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
      } catch (InvalidProtocolBufferException e) {
        // gRPC refuses it before this code sees it.
      } catch (RuntimeException e) {
        throw new AssertionError("seed " + seed + ", case " + round, e);
      }
    }
    assertThat(understood).isPositive();
  }

  private static String login(LoginResponse response) {
    return Wire.sessionToken(response.getSessionToken()) + Wire.instant(response.getExpireTime());
  }

  @Test
  void everyErrorIsReadAndNoneBreaksTheReader() {
    for (int round = 0; round < cases; round++) {
      Metadata trailers = new Metadata();
      if (dice.nextInt(5) != 0) {
        trailers.put(DETAILS, details());
      }
      Status status = Status.fromCodeValue(dice.nextInt(20)).withDescription(text());
      ServerError error = ServerError.of(status.asRuntimeException(trailers));
      assertThat(error.exception().getMessage()).as("seed %d, case %d", seed, round).isNotNull();
      assertThat(error.exception().reason()).isNotNull();
      Backoff backoff = new Backoff(Duration.ofMillis(10), Duration.ofSeconds(1));
      assertThat(error.pause(backoff).toMillis()).isBetween(0L, 10_000L);
    }
  }

  private byte[] details() {
    com.google.rpc.Status.Builder details =
        com.google.rpc.Status.newBuilder().setCode(dice.nextInt(20)).setMessage(text());
    for (int left = dice.nextInt(4); left > 0; left--) {
      Descriptor type = dice.nextBoolean() ? ErrorInfo.getDescriptor() : RetryInfo.getDescriptor();
      Any.Builder any = Any.pack(DynamicMessage.getDefaultInstance(type)).toBuilder();
      details.addDetails(any.setValue(ByteString.copyFrom(bytes(type))));
    }
    byte[] bytes = details.build().toByteArray();
    return dice.nextInt(4) == 0 ? damaged(bytes) : bytes;
  }

  private String text() {
    return TEXTS[dice.nextInt(TEXTS.length)];
  }

  private byte[] bytes(Descriptor type) {
    byte[] bytes = message(type, 0).toByteArray();
    return dice.nextInt(6) == 0 ? damaged(bytes) : bytes;
  }

  private byte[] damaged(byte[] bytes) {
    byte[] damaged = bytes.length == 0 ? new byte[5] : bytes.clone();
    for (int left = 1 + dice.nextInt(3); left > 0; left--) {
      damaged[dice.nextInt(damaged.length)] = (byte) dice.nextInt(256);
    }
    return damaged;
  }

  private Message message(Descriptor type, int depth) {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      boolean nested = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
      if (nested && depth > 3) {
        continue;
      }
      if (field.isRepeated()) {
        for (int left = dice.nextInt(4); left > 0; left--) {
          message.addRepeatedField(field, value(field, depth));
        }
      } else if (dice.nextInt(5) != 0) {
        message.setField(field, value(field, depth));
      }
    }
    return message.build();
  }

  private Object value(FieldDescriptor field, int depth) {
    long number = dice.nextInt(3) == 0 ? dice.nextLong() : NUMBERS[dice.nextInt(NUMBERS.length)];
    return switch (field.getJavaType()) {
      case STRING -> text();
      case BYTE_STRING -> ByteString.copyFromUtf8(text());
      case INT -> (int) number;
      case LONG -> number;
      case BOOLEAN -> dice.nextBoolean();
      case FLOAT -> (float) number;
      case DOUBLE -> (double) number;
      case ENUM -> field.getEnumType().findValueByNumberCreatingIfUnknown(dice.nextInt(9) - 2);
      case MESSAGE -> message(field.getMessageType(), depth + 1);
    };
  }
}
