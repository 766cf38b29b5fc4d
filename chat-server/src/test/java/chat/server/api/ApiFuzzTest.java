package chat.server.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import chat.common.ErrorReason;
import chat.server.chat.Command;
import chat.server.fuzz.Fuzz;
import chat.server.fuzz.FuzzedMessages;
import chat.server.fuzz.HostileTexts;
import chat.server.fuzz.RawCalls;
import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.ChatServiceGrpc;
import chat.v1.FetchMessagesRequest;
import chat.v1.ListAccountsRequest;
import chat.v1.ListAccountsResponse;
import chat.v1.ListMessagesResponse;
import chat.v1.LoginRequest;
import chat.v1.LoginResponse;
import chat.v1.Message;
import chat.v1.SendMessagesResponse;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Every method of the public service with requests that nobody would send. */
@Timeout(300)
class ApiFuzzTest {
  private static final int IN_FLIGHT = 32;

  /** They end sessions: mostly those of an account that nothing else is tried with. */
  private static final Set<String> ENDING = Set.of("Logout", "DeleteAccount", "ChangePassword");

  private final long seed = Fuzz.seed(ApiFuzzTest.class);
  private final Random dice = new Random(seed);
  private final FuzzedMessages messages = new FuzzedMessages(dice);
  private final ApiHarness api =
      new ApiHarness(
          ApiHarness.limits()
              .inboxMessagesMax(300)
              // As often as it likes.
              .throttling(new Throttling(0, 1, 0, 1, 0))
              .build());
  private final RawCalls calls = new RawCalls(api.channel);
  private final List<String> names = new ArrayList<>(List.of("victim", "ann", "bob", "Carl.2_-x"));
  private final List<String> tokens = new ArrayList<>(List.of("", "", "", ""));
  private final Map<Status.Code, Integer> ends = new EnumMap<>(Status.Code.class);

  @AfterEach
  void stop() {
    api.close();
  }

  private record Pending(
      int round,
      io.grpc.MethodDescriptor<?, ?> method,
      List<byte[]> requests,
      CompletableFuture<RawCalls.Answer> answer) {}

  @Test
  void noRequestDoesWorseThanBeRefusedInWords() throws Exception {
    teach();
    List<io.grpc.MethodDescriptor<?, ?>> methods =
        List.copyOf(ChatServiceGrpc.getServiceDescriptor().getMethods());
    Deque<Pending> pending = new ArrayDeque<>();
    int cases = Fuzz.cases(26);
    for (int round = 0; round < cases; round++) {
      if (round % 250 == 0) {
        check(pending, 0);
        logEverybodyIn();
      }
      io.grpc.MethodDescriptor<?, ?> method = methods.get(dice.nextInt(methods.size()));
      if (!ENDING.contains(method.getBareMethodName()) || dice.nextInt(6) == 0) {
        pending.add(ask(round, method));
      } else {
        round--;
      }
      check(pending, IN_FLIGHT);
    }
    check(pending, 0);
    System.out.println("ApiFuzzTest: " + cases + " calls ended " + ends);
    // It goes on as if nothing had been.
    assertThat(ends).containsKeys(Status.Code.OK, Status.Code.INVALID_ARGUMENT);
    String token = api.user("zoe");
    assertThat(api.send(token, "zoe", "still here").getMessageId()).isPositive();
    for (Command command : api.backend.applied) {
      if (command instanceof Command.CreateAccount create) {
        assertThat(create.username()).matches("[A-Za-z0-9._-]{1,32}");
      }
    }
  }

  private void teach() {
    names.subList(1, names.size()).forEach(this::knowName);
    for (int i = 0; i < 20; i++) {
      messages.know("request_id", "request-" + i);
    }
    for (String filter : List.of("*", "", "a*", "?*?", "*n*")) {
      messages.know("filter", filter);
    }
    for (String field : List.of("password", "old_password", "new_password")) {
      messages.know(field, ApiHarness.PASSWORD);
    }
    messages.know("text", "a text");
    for (long size : new long[] {0, 1, 2, 1000}) {
      messages.know("page_size", size);
    }
    for (long id = 0; id < 20; id++) {
      messages.know("message_id", id);
      messages.know("after_message_id", id);
    }
  }

  private void knowName(String name) {
    List.of("username", "recipient", "peer").forEach(field -> messages.know(field, name));
  }

  private void logEverybodyIn() {
    for (int i = 0; i < names.size(); i++) {
      try {
        tokens.set(i, logIn(names.get(i)));
      } catch (StatusRuntimeException e) {
        // One of the calls has made the account again, with another password.
        ApiHarness.assertRefused(e, Status.Code.UNAUTHENTICATED, ErrorReason.BAD_CREDENTIALS);
        names.set(i, "name" + dice.nextInt(1 << 30));
        knowName(names.get(i));
        tokens.set(i, logIn(names.get(i)));
      }
    }
  }

  private String logIn(String name) {
    try {
      api.create(name);
    } catch (StatusRuntimeException e) {
      ApiHarness.assertRefused(e, Status.Code.ALREADY_EXISTS, ErrorReason.USERNAME_TAKEN);
    }
    return api.anonymous()
        .login(
            LoginRequest.newBuilder()
                .setUsername(name)
                .setPassword(ApiHarness.PASSWORD)
                .setTakeOver(true)
                .build())
        .getSessionToken();
  }

  private Pending ask(int round, io.grpc.MethodDescriptor<?, ?> method) {
    ProtoMethodDescriptorSupplier schema =
        (ProtoMethodDescriptorSupplier) method.getSchemaDescriptor();
    MethodDescriptor described = schema.getMethodDescriptor();
    Descriptor type = described.getInputType();
    List<byte[]> requests = new ArrayList<>();
    boolean streams = described.isClientStreaming();
    for (int left = streams ? dice.nextInt(5) : 1; left > 0; left--) {
      requests.add(messages.bytes(type));
    }
    Metadata headers = new Metadata();
    String token = token(ENDING.contains(method.getBareMethodName()) && dice.nextInt(30) != 0);
    if (token != null) {
      headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), token);
    }
    CallOptions within = CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS);
    int answers = described.isServerStreaming() && !streams ? (dice.nextInt(50) == 0 ? 3 : 1) : 100;
    return new Pending(
        round, method, requests, calls.call(method, within, headers, requests, answers));
  }

  private @Nullable String token(boolean ending) {
    return switch (dice.nextInt(30)) {
      case 0 -> null;
      case 1 -> "Bearer " + "x".repeat(dice.nextInt(400));
      case 2 -> "Bearer";
      case 3 -> "Basic YTpi";
      default ->
          (dice.nextBoolean() ? "Bearer " : "bEARER  ")
              + tokens.get(ending ? 0 : 1 + dice.nextInt(tokens.size() - 1));
    };
  }

  /** Waits until no more than so many have no answer, and looks at the answers. */
  private void check(Deque<Pending> pending, int left) throws Exception {
    while (pending.size() > left) {
      Pending call = pending.remove();
      try {
        RawCalls.Answer answer = call.answer.get(60, TimeUnit.SECONDS);
        ends.merge(answer.status().getCode(), 1, Integer::sum);
        check(call, answer);
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            String.format(
                Locale.ROOT,
                "seed %d, case %d: %s of %s",
                seed,
                call.round,
                call.method.getFullMethodName(),
                call.requests.stream().map(r -> HexFormat.of().formatHex(r)).toList()),
            e);
      }
    }
  }

  private void check(Pending call, RawCalls.Answer answer) throws Exception {
    if (!answer.status().isOk()) {
      assertThat(answer.status().getCode())
          .isNotIn(Status.Code.INTERNAL, Status.Code.UNKNOWN, Status.Code.CANCELLED);
      ErrorInfo info =
          ApiHarness.detail(answer.asException(), ErrorInfo.class)
              .orElseThrow(() -> new AssertionError("no ErrorInfo: " + answer.status()));
      assertThat(info.getDomain()).isEqualTo("chat");
      assertThat(ErrorMapping.code(ErrorReason.valueOf(info.getReason())))
          .isEqualTo(answer.status().getCode())
          .isNotEqualTo(Status.Code.INTERNAL);
      return;
    }
    for (byte[] message : answer.messages()) {
      switch (String.valueOf(call.method.getBareMethodName())) {
        case "ListAccounts" ->
            messages.know("page_token", ListAccountsResponse.parseFrom(message).getNextPageToken());
        case "ListMessages" ->
            messages.know("page_token", ListMessagesResponse.parseFrom(message).getNextPageToken());
        case "Login" -> {
          int who = names.indexOf(LoginRequest.parseFrom(call.requests.get(0)).getUsername());
          if (who >= 0) {
            tokens.set(who, LoginResponse.parseFrom(message).getSessionToken());
          }
        }
        case "SendMessages" ->
            assertThat(SendMessagesResponse.parseFrom(message).getError().getCode())
                .isNotIn(Status.Code.INTERNAL.value(), Status.Code.UNKNOWN.value());
        default -> {}
      }
    }
  }

  @Test
  void aTextIsKeptByteForByte() {
    String ann = api.user("ann");
    for (int round = 0; round < Fuzz.cases(2); round++) {
      String text = HostileTexts.any(dice).replace("\u0000", "");
      if (text.isBlank() || text.getBytes(UTF_8).length > 16 * 1024) {
        continue;
      }
      long id = api.send(ann, "ann", text).getMessageId();
      List<Message> found =
          api.as(ann)
              .fetchMessages(FetchMessagesRequest.newBuilder().setPageSize(10).build())
              .getMessagesList();
      assertThat(found).hasSize(1);
      assertThat(found.get(0).getTextBytes().toByteArray())
          .as("seed %d, case %d", seed, round)
          .isEqualTo(text.getBytes(UTF_8));
      var unused =
          api.as(ann)
              .acknowledgeMessages(
                  AcknowledgeMessagesRequest.newBuilder().setMessageId(id).build());
    }
  }

  @Test
  void aTamperedPageTokenIsRefused() {
    String ann = api.user("ann");
    api.create("bob");
    api.create("cid");
    ListAccountsRequest.Builder list =
        ListAccountsRequest.newBuilder().setFilter("*").setPageSize(1);
    String token = api.as(ann).listAccounts(list.build()).getNextPageToken();
    assertThat(token).isNotEmpty();
    String letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ ";
    for (int at = 0; at < token.length(); at++) {
      for (int i = 0; i < letters.length(); i++) {
        char c = letters.charAt(i);
        String other = token.substring(0, at) + c + token.substring(at + 1);
        if (!other.equals(token)) {
          assertBadToken(ann, list, other);
        }
      }
      if (at > 0) {
        assertBadToken(ann, list, token.substring(0, at));
      }
    }
    assertBadToken(ann, list, token + "=");
    assertBadToken(ann, list, token + token);
    assertBadToken(ann, list.clone().setFilter("**"), token);
  }

  private void assertBadToken(String session, ListAccountsRequest.Builder list, String token) {
    ListAccountsRequest request = list.clone().setPageToken(token).build();
    ApiHarness.assertRefused(
        () -> api.as(session).listAccounts(request),
        Status.Code.INVALID_ARGUMENT,
        ErrorReason.BAD_PAGE_TOKEN);
  }
}
