package chat.client;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * Listens to one opening of a stream that is opened again and again. An opening that has been given
 * up is not listened to any more. What must happen outside of the owner's lock, such as completing
 * a caller's future, the owner hands back as a task.
 */
final class StreamListener<R> extends ClientCall.Listener<R> {
  /** The owner of the stream; called with its lock held. */
  interface Owner<R> {
    boolean isCurrent(int opening);

    @Nullable Runnable received(R response);

    @Nullable Runnable ended(Status status, Metadata trailers);
  }

  private final Owner<R> owner;
  private final Lock lock;
  private final int opening;

  StreamListener(Owner<R> owner, Lock lock, int opening) {
    this.owner = owner;
    this.lock = lock;
    this.opening = opening;
  }

  @Override
  public void onMessage(R response) {
    Runnable task = null;
    lock.lock();
    try {
      if (owner.isCurrent(opening)) {
        task = owner.received(response);
      }
    } finally {
      lock.unlock();
    }
    if (task != null) {
      task.run();
    }
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    Runnable task = null;
    lock.lock();
    try {
      if (owner.isCurrent(opening)) {
        task = owner.ended(status, trailers);
      }
    } finally {
      lock.unlock();
    }
    if (task != null) {
      task.run();
    }
  }
}
