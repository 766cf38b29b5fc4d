package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.v1.ChatServiceGrpc;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Ten times as much as can be done, in front of a cluster that does no more than it can. */
class OverloadTest {
  private static final int CAPACITY = 1_000;
  private static final int SECONDS = 3;

  private final ApiHarness api = new ApiHarness();
  private final List<Long> acceptedNanos = Collections.synchronizedList(new ArrayList<>());
  private final AtomicInteger overloaded = new AtomicInteger();
  private final List<Throwable> other = Collections.synchronizedList(new ArrayList<>());

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void whatIsAcceptedDoesNotWaitAndTheRestIsRefusedBeforeAnythingIsDone() throws Exception {
    String ann = api.user("ann");
    api.create("bob");
    api.backend.pace(CAPACITY);
    ChatServiceGrpc.ChatServiceStub stub = api.asyncAs(ann);
    int offered = 10 * CAPACITY * SECONDS;
    CountDownLatch answered = new CountDownLatch(offered);
    long start = System.nanoTime();
    for (int i = 0; i < offered; i++) {
      long due = start + TimeUnit.SECONDS.toNanos(1) * i / (10 * CAPACITY);
      while (System.nanoTime() < due) {
        Thread.onSpinWait();
      }
      send(stub, answered::countDown);
    }
    assertThat(answered.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(other).as("refused for another reason").isEmpty();
    assertThat(overloaded.get()).as("refused").isGreaterThan(offered / 2);
    assertThat(sent()).as("of what was refused, nothing was done").isEqualTo(acceptedNanos.size());
    assertThat(percentile(99))
        .as("milliseconds, of %d accepted", acceptedNanos.size())
        .isLessThan(4_000);
    // Far from it: no more than the cluster can do in the time that a unary call may wait.
    recoversAtOnce(stub);
  }

  private void recoversAtOnce(ChatServiceGrpc.ChatServiceStub stub) throws Exception {
    overloaded.set(0);
    Semaphore window = new Semaphore(512);
    for (int i = 0; i < 2 * CAPACITY; i++) {
      window.acquire();
      send(stub, window::release);
    }
    assertThat(window.tryAcquire(512, 60, TimeUnit.SECONDS)).isTrue();
    assertThat(overloaded).as("of 512 that wait for their answers").hasValue(0);
    assertThat(other).isEmpty();
  }

  private long sent() {
    return api.backend.applied.stream().filter(c -> c instanceof Command.SendMessage).count();
  }

  private void send(ChatServiceGrpc.ChatServiceStub stub, Runnable done) {
    long before = System.nanoTime();
    stub.sendMessage(
        SendMessageRequest.newBuilder().setRecipient("bob").setText("hello").build(),
        new StreamObserver<>() {
          @Override
          public void onNext(SendMessageResponse response) {
            acceptedNanos.add(System.nanoTime() - before);
          }

          @Override
          public void onError(Throwable refused) {
            boolean inOrder =
                ApiHarness.detail(refused, RetryInfo.class).isPresent()
                    && ApiHarness.detail(refused, ErrorInfo.class)
                        .filter(info -> info.getReason().equals(ErrorReason.OVERLOADED.name()))
                        .isPresent();
            if (inOrder) {
              overloaded.incrementAndGet();
            } else {
              other.add(refused);
            }
            done.run();
          }

          @Override
          public void onCompleted() {
            done.run();
          }
        });
  }

  private long percentile(int of) {
    List<Long> sorted = acceptedNanos.stream().sorted().toList();
    return TimeUnit.NANOSECONDS.toMillis(sorted.get(sorted.size() * of / 100));
  }
}
