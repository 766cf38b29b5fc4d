package chat.server.fuzz;

import chat.common.CheckedRequests;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;

/** What a request is refused with where only the code matters. */
public final class BareWords implements CheckedRequests.Words {
  @Override
  public StatusRuntimeException tooLarge() {
    return Status.RESOURCE_EXHAUSTED.asRuntimeException();
  }

  @Override
  public StatusRuntimeException unreadable() {
    return Status.INVALID_ARGUMENT.asRuntimeException();
  }
}
