package chat.client;

import chat.common.ErrorReason;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A server's error, read: what it says and what a client does about it. The one place where
 * statuses become reasons. Nothing a server sends makes this throw.
 *
 * @param tooLarge a request or an answer is too large; if it was the answer, that is gRPC's word
 */
record ServerError(Kind kind, ChatException exception, boolean tooLarge) {
  /** What to do about an error. */
  enum Kind {
    /** Nobody knows; the same again on whoever is primary. */
    REPEAT,
    /** Nothing was accepted; the same again after the pause that the server asks for. */
    REPEAT_LATER,
    /** Something is broken: the same again, but not for ever. */
    REPEAT_FEW,
    /** The answer is no. */
    DEFINITE
  }

  private static final long RETRY_MILLIS_MAX = 5_000;

  /** The servers' own limit, unless an operator has raised it: never checked before they do. */
  private static final int REQUEST_BYTES_MAX = 64 * 1024;

  static ServerError of(Throwable failure) {
    return of(details(failure).orElse(com.google.rpc.Status.getDefaultInstance()), failure);
  }

  private static Optional<com.google.rpc.Status> details(Throwable failure) {
    try {
      return Optional.ofNullable(StatusProto.fromThrowable(failure));
    } catch (IllegalArgumentException | StatusRuntimeException e) {
      // No protobuf at all. What is thrown here would leave whoever waits for the call waiting.
      return Optional.empty();
    }
  }

  static ServerError of(com.google.rpc.Status status, @Nullable Throwable failure) {
    Status.Code code = Status.fromCodeValue(status.getCode()).getCode();
    if (failure != null) {
      // The transport's own word: details that contradict it are not believed.
      code = Status.fromThrowable(failure).getCode();
    }
    ErrorInfo info = detail(status, ErrorInfo.class).orElse(ErrorInfo.getDefaultInstance());
    ErrorReason reason = reason(info, code);
    String sentence = sentence(status, failure, reason);
    ChatException exception =
        new ChatException(reason, sentence, info.getMetadataMap(), retryAfter(status), failure);
    boolean service = info.getDomain().equals(ErrorReason.DOMAIN);
    boolean exhausted = code == Status.Code.RESOURCE_EXHAUSTED;
    // gRPC's word, which may be about the answer; the service's own is about the request.
    boolean bare = exhausted && !service;
    return new ServerError(
        bare ? Kind.REPEAT_FEW : kind(code, reason),
        exception,
        bare || (exhausted && reason == ErrorReason.REQUEST_TOO_LARGE));
  }

  /** How long to wait before the same again: what the server asks for, else the next pause. */
  Duration pause(Backoff backoff) {
    Duration next = backoff.next();
    Duration asked = exception.retryAfter();
    return kind == Kind.REPEAT_LATER && asked != null ? asked : next;
  }

  /** Whether a server decides this before it looks for an earlier answer to the same request. */
  boolean precedesRequestIds() {
    return kind == Kind.REPEAT_LATER
        || switch (exception.reason()) {
          case NO_SESSION, SESSION_EXPIRED, SESSION_TAKEN_OVER, DISK_FULL -> true;
          default -> false;
        };
  }

  private static Kind kind(Status.Code code, ErrorReason reason) {
    return switch (code) {
      case UNAVAILABLE, DEADLINE_EXCEEDED -> Kind.REPEAT;
      case INTERNAL, UNKNOWN, CANCELLED, ABORTED, DATA_LOSS, OK -> Kind.REPEAT_FEW;
      case RESOURCE_EXHAUSTED ->
          reason == ErrorReason.RATE_LIMITED || reason == ErrorReason.OVERLOADED
              ? Kind.REPEAT_LATER
              : Kind.DEFINITE;
      default -> Kind.DEFINITE;
    };
  }

  private static ErrorReason reason(ErrorInfo info, Status.Code code) {
    if (info.getDomain().equals(ErrorReason.DOMAIN)) {
      Optional<ErrorReason> known =
          Arrays.stream(ErrorReason.values())
              .filter(reason -> reason.name().equals(info.getReason()))
              .findFirst();
      if (known.isPresent()) {
        return known.get();
      }
    }
    return switch (code) {
      case UNAVAILABLE -> ErrorReason.NO_PRIMARY;
      case DEADLINE_EXCEEDED -> ErrorReason.OUTCOME_UNKNOWN;
      case UNAUTHENTICATED -> ErrorReason.NO_SESSION;
      default -> ErrorReason.INTERNAL;
    };
  }

  private static String sentence(
      com.google.rpc.Status status, @Nullable Throwable failure, ErrorReason reason) {
    if (!status.getMessage().isBlank()) {
      return status.getMessage();
    }
    String transport = failure == null ? null : Status.fromThrowable(failure).getDescription();
    return transport == null || transport.isBlank()
        ? "The server answered " + reason + " and no more."
        : transport;
  }

  private static @Nullable Duration retryAfter(com.google.rpc.Status status) {
    return detail(status, RetryInfo.class)
        .map(
            info -> {
              com.google.protobuf.Duration delay = info.getRetryDelay();
              // A server may ask for patience, not for eternity.
              double millis = delay.getSeconds() * 1e3 + delay.getNanos() / 1e6;
              return Duration.ofMillis((long) Math.max(0, Math.min(millis, RETRY_MILLIS_MAX)));
            })
        .orElse(null);
  }

  private static <T extends com.google.protobuf.Message> Optional<T> detail(
      com.google.rpc.Status status, Class<T> type) {
    for (Any any : status.getDetailsList()) {
      if (any.is(type)) {
        try {
          return Optional.of(any.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          // A detail that cannot be read says as much as one that is not there.
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  /**
   * What is said of a request that no server took because of its size; empty if it is of a size
   * that servers take, so that it must have been the answer that was too large.
   */
  static Optional<ChatException> ofLargeRequest(int bytes) {
    return bytes <= REQUEST_BYTES_MAX
        ? Optional.empty()
        : Optional.of(
            definite(
                ErrorReason.BAD_TEXT,
                "This is too long: the server takes requests of "
                    + REQUEST_BYTES_MAX
                    + " bytes, not of "
                    + bytes
                    + "."));
  }

  static ChatException definite(ErrorReason reason, String sentence) {
    return new ChatException(reason, sentence, Map.of(), null, null);
  }
}
