package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.server.fuzz.RawCalls;
import chat.v1.ChatServiceGrpc;
import chat.v1.SendMessagesRequest;
import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Requests that are no messages of their type. */
class UnreadableRequestsTest {
  private static final byte[] NO_MESSAGE = {0x0a, 0x7f, 'x'};
  private static final byte[] NO_TEXT = {0x0a, 2, (byte) 0xc0, (byte) 0xaf};

  private final ApiHarness api = new ApiHarness();
  private final RawCalls calls = new RawCalls(api.channel);

  @AfterEach
  void stop() {
    api.close();
  }

  @Test
  void everyMethodRefusesThemInWords() throws Exception {
    Metadata session = session();
    for (MethodDescriptor<?, ?> method : ChatServiceGrpc.getServiceDescriptor().getMethods()) {
      // Where there is no field, any field will do.
      assertBad(call(method, session, NO_MESSAGE));
      assertBad(call(method, new Metadata(), NO_MESSAGE));
    }
    assertBad(call(ChatServiceGrpc.getLoginMethod(), session, NO_TEXT));
  }

  @Test
  void whatAStreamSentBeforeIsAcceptedAndNothingAfter() throws Exception {
    byte[] first = message("first");
    byte[] second = message("second");
    MethodDescriptor<?, ?> method = ChatServiceGrpc.getSendMessagesMethod();
    assertBad(call(method, session(), first, NO_MESSAGE, second));
    String token = api.login("ann");
    assertThat(api.send(token, "ann", "last").getMessageId()).isPositive();
    assertThat(api.backend.applied)
        .filteredOn(Command.SendMessage.class::isInstance)
        .extracting(command -> ((Command.SendMessage) command).text())
        .containsExactly("first", "last");
  }

  private static byte[] message(String text) {
    return SendMessagesRequest.newBuilder()
        .setRecipient("ann")
        .setText(text)
        .setRequestId(text)
        .build()
        .toByteArray();
  }

  private Metadata session() {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
        "Bearer " + api.user("ann"));
    return headers;
  }

  private RawCalls.Answer call(MethodDescriptor<?, ?> method, Metadata headers, byte[]... requests)
      throws Exception {
    return calls
        .call(method, CallOptions.DEFAULT, headers, List.of(requests), 100)
        .get(20, TimeUnit.SECONDS);
  }

  private static void assertBad(RawCalls.Answer answer) {
    Status.Code code = answer.status().getCode();
    if (code == Status.Code.UNAUTHENTICATED) {
      // A stream is refused before its first message is read.
      return;
    }
    ApiHarness.assertRefused(
        answer.asException(), Status.Code.INVALID_ARGUMENT, ErrorReason.BAD_REQUEST);
  }
}
