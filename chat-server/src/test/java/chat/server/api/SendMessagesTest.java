package chat.server.api;

import static chat.server.api.ApiHarness.assertRefused;
import static chat.server.api.ApiHarness.detail;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import com.google.rpc.ErrorInfo;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SendMessagesTest {
  private static final int WINDOW = 16;

  private final ApiHarness api = new ApiHarness(ApiHarness.limits().sendWindow(WINDOW).build());
  private final Answers answers = new Answers();
  private String ann = "";

  @BeforeEach
  void logIn() {
    ann = api.user("ann");
    api.create("bob");
  }

  @AfterEach
  void close() {
    api.close();
  }

  @Test
  void messagesAreAppendedInTheOrderOfTheirRequests() {
    StreamObserver<SendMessagesRequest> requests = open(ann);
    IntStream.range(0, 500).forEach(i -> requests.onNext(request("bob", "m" + i, "r" + i)));
    requests.onCompleted();
    await().until(() -> answers.completed);
    assertThat(answers.got).hasSize(500).allMatch(SendMessagesResponse::hasAccepted);
    assertThat(appendedTexts())
        .containsExactlyElementsOf(IntStream.range(0, 500).mapToObj(i -> "m" + i).toList());
  }

  @Test
  void anErrorOfOneMessageDoesNotEndTheStream() {
    StreamObserver<SendMessagesRequest> requests = open(ann);
    requests.onNext(request("nobody", "x", "r1"));
    requests.onNext(request("bob", " ", "r2"));
    requests.onNext(request("bob", "x", ""));
    requests.onNext(request("bob", "fine", "r4"));
    requests.onNext(request("bob", "fine", "r4"));
    requests.onCompleted();
    await().until(() -> answers.completed);
    assertThat(answers.reason("r1")).isEqualTo("NO_SUCH_ACCOUNT");
    assertThat(answers.reason("r2")).isEqualTo("BAD_TEXT");
    assertThat(answers.reason("")).isEqualTo("BAD_REQUEST_ID");
    assertThat(answers.got.stream().filter(SendMessagesResponse::hasAccepted))
        .extracting(r -> r.getAccepted().getDuplicate())
        .containsExactlyInAnyOrder(false, true);
  }

  @Test
  void aMessageThatIsTooLargeIsOneErrorToo() {
    StreamObserver<SendMessagesRequest> requests = open(ann);
    requests.onNext(request("bob", "before", "r1"));
    requests.onNext(request("bob", "x".repeat(70_000), "r2"));
    requests.onNext(request("bob", "after", "r3"));
    requests.onCompleted();
    await().until(() -> answers.completed);
    assertThat(answers.reason("r2")).isEqualTo("REQUEST_TOO_LARGE");
    assertThat(answers.got.stream().filter(SendMessagesResponse::hasAccepted))
        .extracting(SendMessagesResponse::getRequestId)
        .containsExactlyInAnyOrder("r1", "r3");
  }

  @Test
  void noMoreThanTheWindowIsInFlight() {
    api.backend.hold(c -> c instanceof Command.SendMessage);
    StreamObserver<SendMessagesRequest> requests = open(ann);
    IntStream.range(0, 100).forEach(i -> requests.onNext(request("bob", "m" + i, "r" + i)));
    await().until(() -> api.backend.heldCount() == WINDOW);
    // A unary call goes round the whole server: what the stream was going to do, it has done.
    assertThat(api.login("bob")).isNotEmpty();
    assertThat(api.backend.heldCount()).isEqualTo(WINDOW);
  }

  @Test
  void aServerThatIsNotPrimaryEndsTheStream() {
    StreamObserver<SendMessagesRequest> requests = open(ann);
    requests.onNext(request("bob", "1", "r1"));
    await().until(() -> answers.got.size() == 1);
    api.backend.fail(new BackendException.NotPrimary(3, "127.0.0.1:7403"));
    requests.onNext(request("bob", "2", "r2"));
    assertRefused(answers.awaitError(), Code.UNAVAILABLE, ErrorReason.NOT_PRIMARY);
  }

  @Test
  void nothingIsAcceptedAfterAMessageThatMustBeRepeated() {
    StreamObserver<SendMessagesRequest> requests = open(ann);
    api.backend.failOnce(new BackendException.Overloaded());
    IntStream.range(0, 10).forEach(i -> requests.onNext(request("bob", "m" + i, "r" + i)));
    assertRefused(answers.awaitError(), Code.RESOURCE_EXHAUSTED, ErrorReason.OVERLOADED);
    assertThat(appendedTexts()).isEmpty();
  }

  @Test
  void aRefusedMessageTakesWithItThoseThatWaitBehindIt() {
    api.backend.hold(c -> c instanceof Command.SendMessage);
    StreamObserver<SendMessagesRequest> requests = open(ann);
    IntStream.range(0, 10).forEach(i -> requests.onNext(request("bob", "m" + i, "r" + i)));
    await().until(() -> api.backend.heldCount() == 10);
    api.backend.refuseFirstHeld(new BackendException.ViewChanging());
    assertRefused(answers.awaitError(), Code.UNAVAILABLE, ErrorReason.VIEW_CHANGING);
    // Another stream's message comes after the turn of those that were held.
    assertThat(api.send(ann, "bob", "later")).isNotNull();
    assertThat(appendedTexts()).containsExactly("later");
  }

  @Test
  void anUnknownOutcomeMayBeRepeatedSinceEveryMessageHasAnId() {
    StreamObserver<SendMessagesRequest> requests = open(ann);
    api.backend.fail(new BackendException.OutcomeUnknown());
    requests.onNext(request("bob", "1", "r1"));
    assertRefused(answers.awaitError(), Code.UNAVAILABLE, ErrorReason.VIEW_CHANGING);
  }

  @Test
  void aSessionThatIsGoneEndsTheStream() {
    StreamObserver<SendMessagesRequest> requests = open(ann);
    assertThat(api.login("ann")).isNotEmpty();
    requests.onNext(request("bob", "1", "r1"));
    assertRefused(answers.awaitError(), Code.UNAUTHENTICATED, ErrorReason.SESSION_TAKEN_OVER);
  }

  @Test
  void aBackupRefusesTheStreamBeforeItLooksAtTheToken() {
    api.backend.refuse(new BackendException.NotPrimary(0, null));
    open("nonsense").onNext(request("bob", "1", "r1"));
    assertRefused(answers.awaitError(), Code.UNAVAILABLE, ErrorReason.NOT_PRIMARY);
  }

  private List<String> appendedTexts() {
    return api.backend.applied.stream()
        .filter(c -> c instanceof Command.SendMessage)
        .map(c -> ((Command.SendMessage) c).text())
        .toList();
  }

  private StreamObserver<SendMessagesRequest> open(String token) {
    return api.asyncAs(token).sendMessages(answers);
  }

  private static SendMessagesRequest request(String recipient, String text, String requestId) {
    return SendMessagesRequest.newBuilder()
        .setRecipient(recipient)
        .setText(text)
        .setRequestId(requestId)
        .build();
  }

  private static final class Answers implements StreamObserver<SendMessagesResponse> {
    private final List<SendMessagesResponse> got = new CopyOnWriteArrayList<>();
    private volatile @Nullable Throwable error;
    private volatile boolean completed;

    String reason(String requestId) {
      return got.stream()
          .filter(r -> r.getRequestId().equals(requestId) && r.hasError())
          .map(r -> detail(r.getError(), ErrorInfo.class).orElseThrow().getReason())
          .findAny()
          .orElse("none");
    }

    Throwable awaitError() {
      await().until(() -> error != null);
      Throwable thrown = error;
      return thrown == null ? new AssertionError("no error") : thrown;
    }

    @Override
    public void onNext(SendMessagesResponse response) {
      got.add(response);
    }

    @Override
    public void onError(Throwable thrown) {
      error = thrown;
    }

    @Override
    public void onCompleted() {
      completed = true;
    }
  }
}
