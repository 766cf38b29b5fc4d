package chat.client.bench;

import io.grpc.Status;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The first of many failures, which mostly tells the reason of all. Thread-safe. */
final class FirstFailure {
  private final AtomicReference<@Nullable Status> first = new AtomicReference<>();

  void note(Status status) {
    first.compareAndSet(null, status);
  }

  boolean isThere() {
    return first.get() != null;
  }

  /** Throws if there was one. */
  void check(String sentence) {
    Status status = first.get();
    if (status != null) {
      throw new IllegalStateException(sentence + ": " + status);
    }
  }

  @Override
  public String toString() {
    Status status = first.get();
    return status == null ? "none" : status.toString();
  }
}
