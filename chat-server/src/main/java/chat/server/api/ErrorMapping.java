package chat.server.api;

import chat.common.ErrorReason;
import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where errors become gRPC statuses. Stateless. */
final class ErrorMapping {
  private static final Logger log = LoggerFactory.getLogger(ErrorMapping.class);

  /** A failover takes a fraction of a second: sooner is in vain, later wastes it. */
  private static final Duration RETRY_SOON = Duration.ofMillis(100);

  /** Nothing changes until a server or an operator comes. */
  private static final Duration RETRY_LATER = Duration.ofSeconds(1);

  /** Somebody must make room. */
  private static final Duration RETRY_FULL = Duration.ofSeconds(5);

  private ErrorMapping() {}

  /** The status code that a reason stands for. */
  static Status.Code code(ErrorReason reason) {
    return switch (reason) {
      case NOT_PRIMARY, NO_PRIMARY, VIEW_CHANGING, SHUTTING_DOWN, SLOW_RECEIVER ->
          Status.Code.UNAVAILABLE;
      case BAD_CREDENTIALS, SESSION_EXPIRED, SESSION_TAKEN_OVER, NO_SESSION ->
          Status.Code.UNAUTHENTICATED;
      case USERNAME_TAKEN -> Status.Code.ALREADY_EXISTS;
      case NO_SUCH_ACCOUNT -> Status.Code.NOT_FOUND;
      case ALREADY_LOGGED_IN, UNDELIVERED_MESSAGES -> Status.Code.FAILED_PRECONDITION;
      case BAD_REQUEST,
          BAD_USERNAME,
          BAD_PASSWORD,
          BAD_TEXT,
          BAD_PAGE_TOKEN,
          BAD_PAGE_SIZE,
          BAD_FILTER,
          BAD_REQUEST_ID,
          BAD_MESSAGE_ID,
          REQUEST_ID_REUSED ->
          Status.Code.INVALID_ARGUMENT;
      case REQUEST_TOO_LARGE, INBOX_FULL, RATE_LIMITED, OVERLOADED, DISK_FULL ->
          Status.Code.RESOURCE_EXHAUSTED;
      case OUTCOME_UNKNOWN -> Status.Code.DEADLINE_EXCEEDED;
      case INTERNAL -> Status.Code.INTERNAL;
    };
  }

  /**
   * What a failure says to the client.
   *
   * @param repeatable whether the request may be repeated blindly: it carries a request id, or
   *     repeating it does no harm
   */
  static Refusal refusal(Throwable failure, boolean repeatable) {
    Throwable cause = unwrap(failure);
    if (cause instanceof RefusedException refused) {
      return refused.refusal();
    }
    if (cause instanceof BackendException refused) {
      return backend(refused, repeatable);
    }
    if (cause instanceof TimeoutException) {
      return unknown(repeatable);
    }
    if (cause instanceof RejectedExecutionException) {
      return backend(new BackendException.ShuttingDown(), repeatable);
    }
    String id = UUID.randomUUID().toString();
    log.error("Internal error {}", id, cause);
    return Refusal.of(
        ErrorReason.INTERNAL, "A bug of the server; its log says more under error id " + id + ".");
  }

  /** Whether a failure is this refusal. */
  static boolean isRefusal(Throwable failure, ErrorReason reason) {
    return unwrap(failure) instanceof RefusedException refused
        && refused.refusal().reason() == reason;
  }

  static StatusRuntimeException status(Refusal refusal) {
    return StatusProto.toStatusRuntimeException(rpcStatus(refusal));
  }

  static StatusRuntimeException status(Throwable failure, boolean repeatable) {
    return status(refusal(failure, repeatable));
  }

  /** The same as a message, for errors inside a stream that goes on. */
  static com.google.rpc.Status rpcStatus(Refusal refusal) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(code(refusal.reason()).value())
            .setMessage(refusal.text())
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder()
                        .setDomain(ErrorReason.DOMAIN)
                        .setReason(refusal.reason().name())
                        .putAllMetadata(refusal.metadata())
                        .build()));
    if (!refusal.violations().isEmpty()) {
      BadRequest.Builder badRequest = BadRequest.newBuilder();
      for (Refusal.Violation violation : refusal.violations()) {
        badRequest
            .addFieldViolationsBuilder()
            .setField(violation.field())
            .setDescription(violation.description())
            .setReason(refusal.reason().name());
      }
      status.addDetails(Any.pack(badRequest.build()));
    }
    refusal
        .retryAfter()
        .ifPresent(
            delay ->
                status.addDetails(
                    Any.pack(
                        RetryInfo.newBuilder().setRetryDelay(Protos.duration(delay)).build())));
    return status.build();
  }

  private static Refusal backend(BackendException failure, boolean repeatable) {
    if (failure instanceof BackendException.NotPrimary notPrimary) {
      return notPrimary(notPrimary);
    }
    if (failure instanceof BackendException.NoPrimary) {
      return Refusal.retryable(
          ErrorReason.NO_PRIMARY,
          "No server is primary now; GetClusterStatus says whom the cluster waits for.",
          RETRY_LATER);
    }
    if (failure instanceof BackendException.ViewChanging) {
      return Refusal.retryable(
          ErrorReason.VIEW_CHANGING,
          "The servers are agreeing on who is primary; try again in a moment.",
          RETRY_SOON);
    }
    if (failure instanceof BackendException.OutcomeUnknown) {
      return unknown(repeatable);
    }
    if (failure instanceof BackendException.ShuttingDown) {
      return Refusal.retryable(
          ErrorReason.SHUTTING_DOWN,
          "This server is stopping; another one takes over.",
          RETRY_SOON);
    }
    if (failure instanceof BackendException.DiskFull) {
      return Refusal.retryable(
          ErrorReason.DISK_FULL,
          "The servers' disks are nearly full; nothing was accepted. Reading, acknowledging and"
              + " logging out go on.",
          RETRY_FULL);
    }
    return Refusal.retryable(
        ErrorReason.OVERLOADED,
        "The server has too much to do; nothing was accepted, try again in a moment.",
        RETRY_SOON);
  }

  private static Refusal notPrimary(BackendException.NotPrimary failure) {
    Map<String, String> metadata = new HashMap<>();
    failure.primaryId().ifPresent(id -> metadata.put(ErrorReason.PRIMARY_ID, Integer.toString(id)));
    String address = failure.primaryAddress();
    if (address != null) {
      metadata.put(ErrorReason.PRIMARY_ADDRESS, address);
    }
    String text =
        failure.primaryId().isEmpty()
            ? "This server is not the primary and does not know who is; try the others."
            : String.format(
                Locale.ROOT,
                "This server is not the primary; server %d%s is.",
                failure.primaryId().getAsInt(),
                address == null ? "" : " at " + address);
    return new Refusal(
        ErrorReason.NOT_PRIMARY, text, Map.copyOf(metadata), List.of(), Optional.of(RETRY_SOON));
  }

  private static Refusal unknown(boolean repeatable) {
    if (repeatable) {
      return Refusal.retryable(
          ErrorReason.VIEW_CHANGING,
          "The servers are agreeing on who is primary, the outcome is not known yet;"
              + " repeat the same request.",
          RETRY_SOON);
    }
    // Not UNAVAILABLE: clients retry that blindly, and without a request id a request that was
    // carried out would be carried out twice.
    return Refusal.of(
        ErrorReason.OUTCOME_UNKNOWN,
        "It is not known whether this was carried out; look before you repeat it,"
            + " and send a request_id so that repeating is safe.");
  }

  private static Throwable unwrap(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }
}
