package chat.server.transport;

import chat.common.CheckedRequests;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** What is said on the peers' port of requests that are no messages. Thread-safe. */
final class UnreadableRequests implements CheckedRequests.Words {
  private final RefusalLog refusals;

  UnreadableRequests(RefusalLog refusals) {
    this.refusals = refusals;
  }

  @Override
  public StatusRuntimeException tooLarge() {
    return refusal(Status.RESOURCE_EXHAUSTED, "a request that is too large");
  }

  @Override
  public StatusRuntimeException unreadable() {
    return refusal(Status.INVALID_ARGUMENT, "a request that is no message of its type");
  }

  private StatusRuntimeException refusal(Status status, String what) {
    refusals.say("refused " + what);
    return status.withDescription(what).asRuntimeException();
  }
}
