package chat.server.api;

import static chat.server.api.ApiHarness.assertRefused;
import static chat.server.api.ApiHarness.detail;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import chat.common.ErrorReason;
import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.DeleteAccountRequest;
import chat.v1.Delivery;
import chat.v1.FetchMessagesRequest;
import chat.v1.FetchMessagesResponse;
import chat.v1.ListMessagesRequest;
import chat.v1.ListMessagesResponse;
import chat.v1.Message;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import com.google.rpc.BadRequest;
import com.google.rpc.RetryInfo;
import io.grpc.Status.Code;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MessagesTest {
  private final ApiHarness api = new ApiHarness(ApiHarness.limits().inboxMessagesMax(100).build());
  private String ann = "";
  private String bob = "";

  @BeforeEach
  void logIn() {
    ann = api.user("ann");
    bob = api.user("Bob");
  }

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void aMessageIsQueuedOrLiveAccordingToItsRecipient() {
    assertThat(api.send(ann, "bob", "1").getDelivery()).isEqualTo(Delivery.DELIVERY_QUEUED);
    api.receive(bob, 0).awaitCaughtUp();
    assertThat(api.send(ann, "BOB", "2").getDelivery()).isEqualTo(Delivery.DELIVERY_LIVE);
  }

  @Test
  void aRepeatedRequestIdGivesTheFirstAnswer() {
    SendMessageResponse first = send("bob", "hello", "r1");
    SendMessageResponse again = send("bob", "hello", "r1");
    assertThat(first.getDuplicate()).isFalse();
    assertThat(again).isEqualTo(first.toBuilder().setDuplicate(true).build());
    Throwable reused = catchThrowable(() -> send("bob", "other", "r1"));
    assertRefused(reused, Code.INVALID_ARGUMENT, ErrorReason.REQUEST_ID_REUSED);
    assertThat(fetch(bob, 0).getMessagesCount()).isEqualTo(1);
  }

  @Test
  void badTextsAreRefusedWithTheirField() {
    for (String text : List.of("", " \n\t", "a\0b", "x".repeat(16385), "ä".repeat(8193))) {
      Throwable thrown = catchThrowable(() -> send("bob", text, ""));
      assertRefused(thrown, Code.INVALID_ARGUMENT, ErrorReason.BAD_TEXT);
      assertThat(detail(thrown, BadRequest.class).orElseThrow().getFieldViolations(0).getField())
          .isEqualTo("text");
    }
    assertThat(send("bob", "ä".repeat(8192), "").getMessageId()).isPositive();
  }

  @Test
  void aMessageToNobodyIsRefused() {
    assertRefused(() -> send("carl", "x", ""), Code.NOT_FOUND, ErrorReason.NO_SUCH_ACCOUNT);
    assertRefused(() -> send("no name", "x", ""), Code.INVALID_ARGUMENT, ErrorReason.BAD_USERNAME);
  }

  @Test
  void aFullInboxSaysWhenToTryAgain() {
    for (int i = 0; i < 100; i++) {
      var unused = send("bob", "m" + i, "");
    }
    Throwable thrown = catchThrowable(() -> send("bob", "one more", ""));
    assertRefused(thrown, Code.RESOURCE_EXHAUSTED, ErrorReason.INBOX_FULL);
    assertThat(detail(thrown, RetryInfo.class)).isPresent();
  }

  @Test
  void fetchingShowsWhatWaitsWithoutTakingItAndAcknowledgingTakesIt() {
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(send("bob", "m" + i, "").getMessageId());
    }
    assertThat(ids).isSorted().doesNotHaveDuplicates();
    FetchMessagesResponse page = fetch(bob, 2);
    assertThat(page.getMessagesList()).extracting(Message::getText).containsExactly("m0", "m1");
    assertThat(page.getRemainingCount()).isEqualTo(3);
    assertThat(page.getMessages(0).getRecipient()).isEqualTo("Bob");
    assertThat(page).isEqualTo(fetch(bob, 2));
    acknowledge(bob, ids.get(1));
    acknowledge(bob, ids.get(0));
    assertThat(fetch(bob, 0).getMessagesList())
        .extracting(Message::getText)
        .containsExactly("m2", "m3", "m4");
    acknowledge(bob, Long.MAX_VALUE);
    assertThat(fetch(bob, 0).getMessagesCount()).isZero();
    var unused = send("bob", "after", "");
    assertThat(fetch(bob, 0).getMessagesCount()).isEqualTo(1);
    assertRefused(() -> acknowledge(bob, -1), Code.INVALID_ARGUMENT, ErrorReason.BAD_MESSAGE_ID);
  }

  @Test
  void nobodyReachesAnothersMessages() {
    String carl = api.user("carl");
    long id = send("bob", "secret", "").getMessageId();
    acknowledge(carl, id);
    assertThat(fetch(carl, 0).getMessagesCount()).isZero();
    assertThat(list(carl, "bob", 0, "").getMessagesCount()).isZero();
    assertThat(list(carl, "ann", 0, "").getMessagesCount()).isZero();
    assertThat(fetch(bob, 0).getMessagesCount()).isEqualTo(1);
    String next = "";
    for (int i = 0; i < 2; i++) {
      next = list(ann, "bob", 1, "").getNextPageToken();
      var unused = send("bob", "more", "");
    }
    String annsToken = next.isEmpty() ? list(ann, "bob", 1, "").getNextPageToken() : next;
    assertRefused(
        () -> list(carl, "bob", 1, annsToken), Code.INVALID_ARGUMENT, ErrorReason.BAD_PAGE_TOKEN);
  }

  @Test
  void theHistoryIsListedFromBothSidesNewestFirstInPages() {
    for (int i = 0; i < 5; i++) {
      var unused = i % 2 == 0 ? send("bob", "m" + i, "") : api.send(bob, "ann", "m" + i);
    }
    var unusedNote = send("ann", "note to myself", "");
    assertThat(history(ann, "BOB", 2)).containsExactly("m4", "m3", "m2", "m1", "m0");
    assertThat(history(bob, "ann", 5)).containsExactly("m4", "m3", "m2", "m1", "m0");
    assertThat(history(ann, "ann", 5)).containsExactly("note to myself");
    assertRefused(() -> list(ann, "carl", 1, ""), Code.NOT_FOUND, ErrorReason.NO_SUCH_ACCOUNT);
    assertRefused(
        () -> list(ann, "bob", 1, "bogus"), Code.INVALID_ARGUMENT, ErrorReason.BAD_PAGE_TOKEN);
  }

  @Test
  void whatADeletedAccountSentStaysWithThoseWhoGotIt() {
    String eve = api.user("eve");
    var unused = send("bob", "for ever", "");
    acknowledge(bob, fetch(bob, 1).getMessages(0).getMessageId());
    var unusedDeletion = api.as(ann).deleteAccount(DeleteAccountRequest.getDefaultInstance());
    assertThat(history(bob, "ANN", 5)).containsExactly("for ever");
    assertRefused(() -> list(eve, "ann", 5, ""), Code.NOT_FOUND, ErrorReason.NO_SUCH_ACCOUNT);
    // Another one under that name has nothing of it.
    String other = api.user("ann");
    assertThat(history(bob, "ann", 5)).isEmpty();
    assertThat(history(other, "bob", 5)).isEmpty();
  }

  @Test
  void aPageOfLongMessagesEndsBeforeItIsTooLongForAClient() {
    for (int i = 0; i < 100; i++) {
      var unused = send("bob", "x".repeat(16384), "");
    }
    FetchMessagesResponse page = fetch(bob, 100);
    assertThat(page.getSerializedSize()).isLessThan(2 << 20);
    assertThat(page.getMessagesCount() + page.getRemainingCount()).isEqualTo(100);
    assertThat(history(ann, "bob", 100)).hasSize(100);
  }

  private SendMessageResponse send(String recipient, String text, String requestId) {
    return api.as(ann)
        .sendMessage(
            SendMessageRequest.newBuilder()
                .setRecipient(recipient)
                .setText(text)
                .setRequestId(requestId)
                .build());
  }

  private FetchMessagesResponse fetch(String token, int pageSize) {
    return api.as(token)
        .fetchMessages(FetchMessagesRequest.newBuilder().setPageSize(pageSize).build());
  }

  private void acknowledge(String token, long id) {
    var unused =
        api.as(token)
            .acknowledgeMessages(AcknowledgeMessagesRequest.newBuilder().setMessageId(id).build());
  }

  private ListMessagesResponse list(String token, String peer, int size, String page) {
    return api.as(token)
        .listMessages(
            ListMessagesRequest.newBuilder()
                .setPeer(peer)
                .setPageSize(size)
                .setPageToken(page)
                .build());
  }

  private List<String> history(String token, String peer, int size) {
    List<String> texts = new ArrayList<>();
    String page = "";
    do {
      ListMessagesResponse response = list(token, peer, size, page);
      response.getMessagesList().forEach(message -> texts.add(message.getText()));
      page = response.getNextPageToken();
    } while (!page.isEmpty());
    return texts;
  }
}
