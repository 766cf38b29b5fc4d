package chat.server.api;

import chat.common.CheckedRequests;
import chat.common.ErrorReason;
import io.grpc.ServerServiceDefinition;
import io.grpc.StatusRuntimeException;

/** What is said of requests that never get as far as a method. Thread-safe. */
final class RequestWords implements CheckedRequests.Words {
  /**
   * A request on a stream that is this much too large is still read, so that it is refused alone; a
   * larger one ends the stream. Nobody should make a server hold more.
   */
  private static final int READ_BEYOND = 4;

  private final Limits limits;

  private RequestWords(Limits limits) {
    this.limits = limits;
  }

  static ServerServiceDefinition check(ServerServiceDefinition service, Limits limits) {
    return CheckedRequests.of(
        service, limits.requestBytesMax(), readBytesMax(limits), new RequestWords(limits));
  }

  private static int readBytesMax(Limits limits) {
    return (int) Math.min(Integer.MAX_VALUE, (long) READ_BEYOND * limits.requestBytesMax());
  }

  @Override
  public StatusRuntimeException tooLarge() {
    return ErrorMapping.status(tooLarge(limits));
  }

  static Refusal tooLarge(Limits limits) {
    return Refusal.of(
        ErrorReason.REQUEST_TOO_LARGE,
        "A request has at most " + limits.requestBytesMax() + " bytes.");
  }

  @Override
  public StatusRuntimeException unreadable() {
    return ErrorMapping.status(
        Refusal.of(
            ErrorReason.BAD_REQUEST,
            "The request is no message of the type that this method takes; strings have to be"
                + " valid UTF-8."));
  }
}
