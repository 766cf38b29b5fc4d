package chat.server.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TurnsTest {
  private final Counting work = new Counting();
  private Turns turns = new Turns("own", work);
  private final List<Lender> lenders = new ArrayList<>();

  @AfterEach
  void stop() throws InterruptedException {
    for (Lender lender : lenders) {
      lender.end();
    }
    work.stop = true;
    turns.want();
    turns.join();
  }

  /** Work that says who does it; what is no field of a queue is guarded by the turns alone. */
  private static final class Counting implements Turns.Work {
    final Queue<Runnable> inputs = new ConcurrentLinkedQueue<>();
    final AtomicInteger inside = new AtomicInteger();
    final CompletableFuture<String> endedOn = new CompletableFuture<>();
    final Set<String> threads = ConcurrentHashMap.newKeySet();
    final AtomicInteger halves = new AtomicInteger();
    volatile @Nullable Throwable failure;
    final AtomicInteger overlaps = new AtomicInteger();
    volatile boolean stop;
    volatile boolean stopsHalfway;

    /** Once, between the last look for something to do and the answer that there is nothing. */
    final AtomicReference<@Nullable Runnable> meanwhile = new AtomicReference<>();

    long handled;
    private boolean isHalfway;

    @Override
    public boolean step(boolean lent) throws IOException {
      if (inside.incrementAndGet() > 1) {
        overlaps.incrementAndGet();
      }
      try {
        if (!isHalfway) {
          for (Runnable next = inputs.poll(); next != null; next = inputs.poll()) {
            handled++;
            threads.add(Thread.currentThread().getName());
            next.run();
          }
          isHalfway = lent && stopsHalfway;
          return !isHalfway;
        }
        isHalfway = false;
        halves.incrementAndGet();
        return true;
      } finally {
        inside.decrementAndGet();
      }
    }

    @Override
    public boolean hasMore() {
      boolean hasMore = !inputs.isEmpty();
      if (!hasMore) {
        Runnable once = meanwhile.getAndSet(null);
        if (once != null) {
          once.run();
        }
      }
      return hasMore;
    }

    @Override
    public boolean isOver() {
      return stop;
    }

    @Override
    public void ended(@Nullable Throwable cause) {
      failure = cause;
      endedOn.complete(Thread.currentThread().getName());
    }
  }

  private void add(Runnable input) {
    work.inputs.add(input);
    turns.want();
  }

  private Lender lender(String name) {
    Lender lender = new Lender(name);
    lenders.add(lender);
    return lender;
  }

  private static void await(BooleanSupplier condition) {
    Awaitility.await()
        .atMost(30, TimeUnit.SECONDS)
        .pollInterval(2, TimeUnit.MILLISECONDS)
        .until(condition::getAsBoolean);
  }

  @Test
  void whoLendsItselfDoesItAndOthersLeaveItToTheThread() throws Exception {
    turns.start();
    CountDownLatch done = new CountDownLatch(2);
    add(done::countDown);
    await(() -> work.threads.contains("own"));
    Lender lender = lender("lender");
    await(
        () -> {
          // Again where a beat came first.
          lender.execute(() -> add(done::countDown));
          return work.threads.contains("lender");
        });
    done.await();
    assertThat(work.threads).containsExactlyInAnyOrder("own", "lender");
  }

  @Test
  void nothingIsForgottenNorDoneByTwoAtOnce() throws Exception {
    work.stopsHalfway = true;
    // No beat mends what would be forgotten.
    turns = new Turns("own", work, TimeUnit.HOURS.toNanos(1));
    turns.start();
    int each = 50_000;
    CountDownLatch added = new CountDownLatch(4);
    AtomicInteger done = new AtomicInteger();
    for (int i = 0; i < 4; i++) {
      Runnable adding =
          () -> {
            for (int j = 0; j < each; j++) {
              add(done::incrementAndGet);
            }
            added.countDown();
          };
      if (i < 2) {
        lender("lender " + i).execute(adding);
      } else {
        new Thread(adding).start();
      }
    }
    // As a network thread does: one thing at a time, with turns between them.
    Lender third = lender("third");
    for (int j = 0; j < each; j++) {
      third.execute(() -> add(done::incrementAndGet));
    }
    added.await();
    AtomicInteger more = new AtomicInteger();
    await(
        () -> {
          // In the rush it may have been one thread that did all of it.
          third.execute(() -> add(done::incrementAndGet));
          add(done::incrementAndGet);
          more.addAndGet(2);
          return work.threads.contains("own")
              && work.threads.contains("third")
              && work.halves.get() > 0;
        });
    int all = 5 * each + more.get();
    await(() -> done.get() == all);
    assertThat(work.overlaps).hasValue(0);
    assertThat(work.handled).isEqualTo(all);
  }

  @Test
  void whatIsAddedWhileATurnIsAboutToEndIsDone() throws Exception {
    // No beat mends what would be forgotten.
    turns = new Turns("own", work, TimeUnit.HOURS.toNanos(1));
    turns.start();
    for (Consumer<Runnable> thread :
        List.<Consumer<Runnable>>of(Runnable::run, lender("lender")::execute)) {
      CountDownLatch done = new CountDownLatch(1);
      thread.accept(() -> add(() -> work.meanwhile.set(() -> add(done::countDown))));
      assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aThreadThatLendsItselfAndIsBusyHoldsNothingUp() throws Exception {
    turns.start();
    CountDownLatch busy = new CountDownLatch(1);
    CompletableFuture<String> doneBy = new CompletableFuture<>();
    lender("busy")
        .execute(
            () -> {
              add(() -> doneBy.complete(Thread.currentThread().getName()));
              await(() -> busy.getCount() == 0);
            });
    assertThat(doneBy.get(30, TimeUnit.SECONDS)).isEqualTo("own");
    busy.countDown();
  }

  @Test
  void aThreadThatEndsLendsItselfNoMore() throws Exception {
    turns.start();
    Lender lender = lender("ending");
    CompletableFuture<String> doneBy = new CompletableFuture<>();
    CountDownLatch closing = new CountDownLatch(1);
    lender.execute(
        () -> {
          await(() -> closing.getCount() == 0);
          add(() -> doneBy.complete(Thread.currentThread().getName()));
        });
    Thread closer =
        new Thread(
            () -> {
              try {
                lender.end();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
            });
    closer.start();
    await(() -> closer.getState() == Thread.State.WAITING);
    closing.countDown();
    assertThat(doneBy.get(30, TimeUnit.SECONDS)).isEqualTo("own");
    closer.join();
  }

  @Test
  void whatFailsOnALentThreadEndsAllOnTheThread() throws Exception {
    turns.start();
    IllegalStateException failure = new IllegalStateException("of the test");
    lender("failing")
        .execute(
            () ->
                add(
                    () -> {
                      throw failure;
                    }));
    assertThat(work.endedOn.get(30, TimeUnit.SECONDS)).isEqualTo("own");
    assertThat(work.failure).isSameAs(failure);
    AtomicInteger later = new AtomicInteger();
    Lender second = lender("second");
    second.execute(() -> add(later::incrementAndGet));
    second.end();
    turns.join();
    assertThat(later).hasValue(0);
  }

  @Test
  void nobodyDrivesBeforeTheStart() throws Exception {
    Lender early = lender("early");
    early.execute(() -> add(() -> {}));
    early.end();
    assertThat(work.threads).isEmpty();
    turns.start();
    await(() -> work.threads.size() == 1);
    assertThat(work.threads).containsExactly("own");
  }
}
