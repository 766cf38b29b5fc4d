package chat.server.transport;

import static chat.server.transport.Harness.FIRST;
import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.answer;
import static chat.server.transport.Harness.eventually;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static chat.server.transport.Harness.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.Entry;
import chat.server.replication.Envelope;
import chat.server.replication.Epoch;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.Message;
import chat.server.runtime.LendingThread;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GrpcPeerNetworkTest {
  private final int portOne = freePort();
  private final int portTwo = freePort();
  private final Harness.Inbox inboxOne = new Harness.Inbox();
  private final Harness.Inbox inboxTwo = new Harness.Inbox();
  private final GrpcPeerNetwork one =
      new GrpcPeerNetwork(ONE, local(portOne), Map.of(TWO, local(portTwo)));
  private final GrpcPeerNetwork two =
      new GrpcPeerNetwork(TWO, local(portTwo), Map.of(ONE, local(portOne)));

  @BeforeEach
  void start() throws IOException {
    one.start(inboxOne);
    two.start(inboxTwo);
    eventually().until(() -> one.isConnectedTo(TWO) && two.isConnectedTo(ONE));
  }

  @AfterEach
  void stop() {
    one.close();
    two.close();
  }

  @Test
  void everyKindOfRequestAndAnswerMakesItsWay() {
    RandomMessages random = new RandomMessages(42);
    long call = 0;
    for (int round = 0; round < 5; round++) {
      for (Message.Request message : random.requests()) {
        List<Message.Answer> answers = random.answersTo(message);
        if (answers.isEmpty()) {
          exchange(request(ONE, TWO, ++call, message), null);
        }
        for (Message.Answer answer : answers) {
          exchange(request(ONE, TWO, ++call, message), answer);
        }
      }
    }
  }

  @Test
  void aHeartbeatTellsWhatTimeItsSenderTakesItToBe() {
    Message.Request heartbeat =
        new RandomMessages(1)
            .requests().stream()
                .filter(message -> message instanceof Message.Heartbeat)
                .findFirst()
                .orElseThrow();
    long before = System.currentTimeMillis();
    long fast = before + TimeUnit.DAYS.toMillis(1);
    one.send(request(ONE, TWO, 1, heartbeat));
    eventually().until(() -> two.clocks().bounded(fast, System.nanoTime()) < fast);
    assertThat(two.clocks().bounded(fast, System.nanoTime()))
        .isBetween(before, System.currentTimeMillis() + PeerClocks.AHEAD_MAX_MILLIS);
    assertThat(one.clocks().bounded(fast, System.nanoTime())).as("nobody told it").isEqualTo(fast);
  }

  @Test
  void networkThreadsLendThemselvesAndSendFirstWhatTheyWereGivenBefore() throws Exception {
    Message.Request message = new RandomMessages(1).requests().get(0);
    Message.Answer reply = new RandomMessages(1).answersTo(message).get(0);
    CompletableFuture<Boolean> sentFirst = new CompletableFuture<>();
    inboxTwo.onRequest =
        received -> {
          Thread mine = Thread.currentThread();
          two.send(answer(received, reply));
          boolean isLent =
              mine instanceof LendingThread lender
                  && lender.afterwards(
                      () ->
                          sentFirst.complete(
                              Thread.currentThread() == mine && isSoon(inboxOne.received)));
          if (!isLent) {
            sentFirst.complete(false);
          }
        };
    one.send(request(ONE, TWO, 1, message));
    assertThat(sentFirst.get(60, TimeUnit.SECONDS)).isTrue();
  }

  /** Whether it comes although this thread does nothing. */
  private static boolean isSoon(List<Envelope> received) {
    eventually().until(() -> received.size() == 1);
    return true;
  }

  private void exchange(Envelope request, Message.@Nullable Answer answer) {
    inboxOne.received.clear();
    inboxTwo.received.clear();
    inboxTwo.onRequest =
        received -> {
          if (answer != null) {
            two.send(answer(received, answer));
          }
        };
    one.send(request);
    eventually().until(() -> inboxTwo.received.size() == 1);
    WireRoundTripTest.assertSame(inboxTwo.received.get(0), request);
    if (answer != null) {
      eventually().until(() -> inboxOne.received.size() == 1);
      WireRoundTripTest.assertSame(inboxOne.received.get(0), answer(request, answer));
    }
  }

  @Test
  void entriesArriveInTheOrderTheyWereSentAndSoDoTheirPositions() {
    inboxTwo.onRequest =
        received -> {
          Message.AppendRequest m = (Message.AppendRequest) received.message();
          two.send(answer(received, new Message.Appended(m.view(), m.commitIndex())));
        };
    LogPosition last = LogPosition.START;
    List<Message> sent = new ArrayList<>();
    for (int i = 1; i <= 1000; i++) {
      Entry entry = Entry.following(last, new Epoch(1), new byte[i % 200]);
      sent.add(new Message.AppendRequest(new Epoch(1), last, List.of(entry), i));
      last = entry.position();
    }
    for (int i = 0; i < sent.size(); i++) {
      one.send(request(ONE, TWO, i, (Message.Request) sent.get(i)));
    }
    eventually().until(() -> inboxOne.received.size() == sent.size());
    assertThat(inboxTwo.received).extracting(Envelope::message).isEqualTo(sent);
    assertThat(inboxOne.received)
        .extracting(e -> ((Message.Appended) e.message()).durableIndex())
        .isSorted();
  }

  @Test
  void positionsForAnEarlierIncarnationAreNotSent() {
    Message.AppendRequest nothing = new RandomMessages(1).append(LogPosition.START, 0);
    one.send(request(ONE, TWO, 1, nothing));
    eventually().until(() -> inboxTwo.received.size() == 1);
    Envelope request = inboxTwo.received.get(0);
    two.send(
        new Envelope(
            Harness.header(TWO, FIRST),
            ONE,
            new Incarnation(77),
            1,
            new Message.Appended(new Epoch(1), 1)));
    two.send(answer(request, new Message.Appended(new Epoch(1), 2)));
    eventually().until(() -> !inboxOne.received.isEmpty());
    assertThat(inboxOne.received)
        .extracting(Envelope::message)
        .containsExactly(new Message.Appended(new Epoch(1), 2));
  }

  @Test
  void aRequestThatTheCoreNeverAnswersIsForgotten() {
    for (int call = 1; call <= 50; call++) {
      one.send(request(ONE, TWO, call, new Message.StillHeardRequest(TWO)));
    }
    eventually().until(() -> two.waiting() == 50);
    eventually().atMost(4, TimeUnit.SECONDS).until(() -> two.waiting() == 0);
    two.send(answer(inboxTwo.received.get(0), new Message.StillHeard(TWO)));
    // Sent until it arrives: a peer that answered nothing for so long is connected to anew.
    eventually()
        .until(
            () -> {
              one.send(request(ONE, TWO, 99, new Message.Goodbye()));
              return inboxTwo.received.size() > 50;
            });
    assertThat(inboxOne.received).isEmpty();
  }

  @Test
  void onlyTheFirstAnswerToACallIsSent() {
    inboxTwo.onRequest =
        received -> {
          two.send(answer(received, new Message.StillHeard(TWO)));
          two.send(answer(received, new Message.StillHeard(TWO)));
        };
    for (int call = 1; call <= 20; call++) {
      one.send(request(ONE, TWO, call, new Message.StillHeardRequest(TWO)));
    }
    eventually().until(() -> inboxOne.received.size() == 20);
    assertThat(inboxOne.received).extracting(Envelope::call).doesNotHaveDuplicates();
    assertThat(two.waiting()).isZero();
  }

  @Test
  void anAnswerThatItsCallCannotHaveHarmsNobody() {
    inboxTwo.onRequest =
        received -> two.send(answer(received, new Message.Accepted(Epoch.ZERO, Epoch.ZERO)));
    one.send(request(ONE, TWO, 1, new Message.StillHeardRequest(TWO)));
    eventually().until(() -> inboxTwo.received.size() == 1);
    inboxTwo.onRequest = received -> two.send(answer(received, new Message.StillHeard(TWO)));
    one.send(request(ONE, TWO, 2, new Message.StillHeardRequest(TWO)));
    eventually().until(() -> !inboxOne.received.isEmpty());
    assertThat(inboxOne.received).extracting(Envelope::call).containsExactly(2L);
  }

  @Test
  void whatIsSentBeforeClosingGetsOut() {
    one.send(request(ONE, TWO, 1, new Message.Goodbye()));
    one.close();
    eventually().until(() -> inboxTwo.received.size() == 1);
    assertThat(inboxTwo.received.get(0).message()).isEqualTo(new Message.Goodbye());
  }

  @Test
  void sendingAfterClosingIsLost() {
    one.close();
    one.send(request(ONE, TWO, 1, new Message.Goodbye()));
    one.close();
    assertThat(inboxTwo.received).isEmpty();
  }

  @Test
  void aTakenPortIsRefusedInWords() {
    try (GrpcPeerNetwork again = new GrpcPeerNetwork(ONE, local(portTwo), Map.of())) {
      assertThatThrownBy(() -> again.start(inboxOne))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("localhost:" + portTwo)
          .hasMessageContaining("in use");
    }
  }
}
