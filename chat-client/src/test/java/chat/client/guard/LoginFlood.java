package chat.client.guard;

import chat.v1.LoginRequest;
import chat.v1.LoginResponse;
import io.grpc.stub.StreamObserver;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Wrong passwords, so many at a time, each followed by the next at once. */
final class LoginFlood {
  private final Wire wire;
  private final CountDownLatch ended;
  private final long begunNanos = System.nanoTime();
  private final Map<String, Integer> answers = new ConcurrentHashMap<>();
  private volatile boolean stopped;

  LoginFlood(Wire wire, int inFlight) {
    this.wire = wire;
    this.ended = new CountDownLatch(inFlight);
    for (int i = 0; i < inFlight; i++) {
      next(i);
    }
  }

  private void next(int number) {
    if (stopped) {
      ended.countDown();
      return;
    }
    wire.stub()
        .login(
            LoginRequest.newBuilder()
                .setUsername(number % 2 == 0 ? "sender" : "nobody" + number)
                .setPassword("not the right one")
                .build(),
            new StreamObserver<>() {
              @Override
              public void onNext(LoginResponse response) {}

              @Override
              public void onError(Throwable failure) {
                answers.merge(Load.reason(failure), 1, Integer::sum);
                next(number);
              }

              @Override
              public void onCompleted() {
                next(number);
              }
            });
  }

  /** Ends it; what was answered, each kind by the second. */
  String stop() throws InterruptedException {
    double seconds = (System.nanoTime() - begunNanos) / 1e9;
    stopped = true;
    if (!ended.await(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("logins without an answer: " + ended.getCount());
    }
    StringBuilder text = new StringBuilder("logins:");
    answers.forEach(
        (reason, count) ->
            text.append(String.format(Locale.ROOT, " %.1f/s %s", count / seconds, reason)));
    return text.toString();
  }
}
