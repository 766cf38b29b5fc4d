package chat.server.api;

import static chat.server.api.ApiHarness.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.DeleteAccountRequest;
import chat.v1.Delivery;
import chat.v1.LogoutRequest;
import chat.v1.Message;
import chat.v1.ReceiveMessagesResponse.EventCase;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ReceiveMessagesTest {
  private final ApiHarness api =
      new ApiHarness(ApiHarness.limits().streamBufferMessages(8).streamPageMessages(4).build());
  private String ann = "";
  private String bob = "";

  @BeforeEach
  void logIn() {
    ann = api.user("ann");
    bob = api.user("bob");
  }

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void whatWaitedComesFirstThenTheMarkerThenWhatIsNew() {
    send("1", "2");
    ReceivedEvents stream = api.receive(bob, 0).awaitCaughtUp();
    send("3");
    stream.awaitTexts("1", "2", "3");
    assertThat(stream.kinds())
        .containsExactly(
            EventCase.MESSAGE, EventCase.MESSAGE, EventCase.CAUGHT_UP, EventCase.MESSAGE);
  }

  @Test
  void theStreamStartsAfterTheLaterOfTheCursorAndWhatIsAcknowledged() {
    List<Long> ids = send("1", "2", "3");
    api.receive(bob, ids.get(0)).awaitTexts("2", "3");
    var unused =
        api.as(bob)
            .acknowledgeMessages(
                AcknowledgeMessagesRequest.newBuilder().setMessageId(ids.get(1)).build());
    api.receive(bob, ids.get(0)).awaitTexts("3");
    assertRefused(
        api.receive(bob, -1).awaitEnd(), Code.INVALID_ARGUMENT, ErrorReason.BAD_MESSAGE_ID);
  }

  @Test
  void noGapAndNoRepeatWhileManySendAndTheStreamIsOpenedAgainAndAgain() {
    int senders = 3;
    int each = 150;
    List<CompletableFuture<Void>> sending =
        IntStream.range(0, senders)
            .mapToObj(
                s ->
                    CompletableFuture.runAsync(
                        () -> IntStream.range(0, each).forEach(i -> send(s + "/" + i))))
            .toList();
    List<Long> received = new ArrayList<>();
    while (!sending.stream().allMatch(CompletableFuture::isDone)) {
      long last = received.isEmpty() ? 0 : received.get(received.size() - 1);
      ReceivedEvents stream = api.receive(bob, last).awaitCaughtUp();
      int before = stream.messages().size();
      await()
          .until(
              () ->
                  stream.messages().size() > before + 5
                      || sending.stream().allMatch(CompletableFuture::isDone));
      stream.cancel();
      stream.awaitEnd();
      stream.messages().forEach(m -> received.add(m.getMessageId()));
    }
    long last = received.isEmpty() ? 0 : received.get(received.size() - 1);
    ReceivedEvents rest = api.receive(bob, last);
    await().until(() -> received.size() + rest.messages().size() == senders * each);
    rest.messages().forEach(m -> received.add(m.getMessageId()));
    assertThat(received).isSorted().doesNotHaveDuplicates().hasSize(senders * each);
  }

  @Test
  void aSlowReceiverGetsEverythingInOrderWhenItReads() {
    ReceivedEvents stream = ReceivedEvents.openSlow(api.asyncAs(bob), 0);
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      ids.addAll(send("x".repeat(2000) + i));
    }
    stream.read(100_000);
    await().until(() -> stream.messages().size() == 100);
    assertThat(stream.messages()).extracting(Message::getMessageId).containsExactlyElementsOf(ids);
  }

  @Test
  void anIdleStreamGetsHeartbeats() {
    ReceivedEvents stream = api.receive(bob, 0).awaitCaughtUp();
    await().until(() -> stream.heartbeats() >= 2);
  }

  @Test
  void nothingIsKeptOfAStreamThatIsOver() {
    ReceivedEvents stream = api.receive(bob, 0).awaitCaughtUp();
    assertThat(api.endpoint.streamsVisited()).isEqualTo(1);
    stream.cancel();
    await().until(() -> api.endpoint.streamsVisited() == 0);
  }

  @Test
  void aSecondStreamOnTheSameTokenEndsTheFirst() {
    ReceivedEvents first = api.receive(bob, 0).awaitCaughtUp();
    ReceivedEvents second = api.receive(bob, 0).awaitCaughtUp();
    assertRefused(first.awaitEnd(), Code.UNAUTHENTICATED, ErrorReason.SESSION_TAKEN_OVER);
    send("1");
    second.awaitTexts("1");
    assertThat(first.messages()).isEmpty();
  }

  @Test
  void logoutAndDeletionEndTheStream() {
    ReceivedEvents stream = api.receive(bob, 0).awaitCaughtUp();
    var unused = api.as(bob).logout(LogoutRequest.getDefaultInstance());
    assertRefused(stream.awaitEnd(), Code.UNAUTHENTICATED, ErrorReason.NO_SESSION);
    ReceivedEvents other = api.receive(ann, 0).awaitCaughtUp();
    var unusedDeletion = api.as(ann).deleteAccount(DeleteAccountRequest.getDefaultInstance());
    assertRefused(other.awaitEnd(), Code.UNAUTHENTICATED, ErrorReason.NO_SESSION);
    assertRefused(api.receive(bob, 0).awaitEnd(), Code.UNAUTHENTICATED, ErrorReason.NO_SESSION);
  }

  @Test
  void aClientThatGoesIsDetached() {
    ReceivedEvents stream = api.receive(bob, 0).awaitCaughtUp();
    assertThat(api.backend.tables.isOnline("bob")).isTrue();
    stream.cancel();
    await().until(() -> !api.backend.tables.isOnline("bob"));
    assertThat(api.login("bob")).isNotEmpty();
    assertThat(delivery("later")).isEqualTo(Delivery.DELIVERY_QUEUED);
  }

  @Test
  void aDetachThatFailedIsTriedAgain() {
    ReceivedEvents stream = api.receive(bob, 0).awaitCaughtUp();
    api.backend.fail(new BackendException.ViewChanging());
    stream.cancel();
    stream.awaitEnd();
    api.backend.fail(null);
    await().until(() -> !api.backend.tables.isOnline("bob"));
  }

  @Test
  void suspendedStreamsPauseAndGoOn() {
    ReceivedEvents stream = api.receive(bob, 0).awaitCaughtUp();
    api.endpoint.suspendStreams();
    send("1");
    long heartbeats = stream.heartbeats();
    ReceivedEvents other = api.receive(ann, 0);
    api.endpoint.resumeStreams();
    other.awaitCaughtUp();
    stream.awaitTexts("1");
    await().until(() -> stream.heartbeats() > heartbeats);
    assertThat(stream.isOpen()).isTrue();
  }

  @Test
  void aServerThatLosesItsRoleEndsItsStreamsAndTheStateKeepsThemForTheGrace() {
    ReceivedEvents stream = api.receive(bob, 0).awaitCaughtUp();
    api.endpoint.lostPrimary(new BackendException.NotPrimary(3, "127.0.0.1:7403"));
    assertRefused(stream.awaitEnd(), Code.UNAVAILABLE, ErrorReason.NOT_PRIMARY);
    assertThat(api.backend.tables.isOnline("bob")).isTrue();
    assertThat(api.backend.applied).noneMatch(c -> c instanceof Command.DetachStream);

    api.endpoint.becamePrimary(2);
    assertThat(delivery("just after")).isEqualTo(Delivery.DELIVERY_LIVE);
    ReceivedEvents back = api.receive(ann, 0).awaitCaughtUp();
    await().until(() -> !api.backend.tables.isOnline("bob"));
    assertThat(delivery("much later")).isEqualTo(Delivery.DELIVERY_QUEUED);
    assertThat(back.isOpen()).isTrue();
    assertThat(api.backend.tables.isOnline("ann")).isTrue();
  }

  @Test
  void eachReceiverGetsItsOwnMessagesOnly() {
    ReceivedEvents anns = api.receive(ann, 0).awaitCaughtUp();
    ReceivedEvents bobs = api.receive(bob, 0).awaitCaughtUp();
    send("for bob");
    var unused = api.send(bob, "ann", "for ann");
    bobs.awaitTexts("for bob");
    anns.awaitTexts("for ann");
  }

  private Delivery delivery(String text) {
    return api.send(ann, "bob", text).getDelivery();
  }

  private List<Long> send(String... texts) {
    List<Long> ids = new ArrayList<>();
    for (String text : texts) {
      ids.add(api.send(ann, "bob", text).getMessageId());
    }
    return Collections.unmodifiableList(ids);
  }
}
