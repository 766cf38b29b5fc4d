package chat.client;

import chat.common.ErrorReason;
import chat.v1.ChangePasswordRequest;
import chat.v1.ChatServiceGrpc;
import chat.v1.DeleteAccountRequest;
import chat.v1.DeleteAccountResponse;
import chat.v1.FetchMessagesRequest;
import chat.v1.ListAccountsRequest;
import chat.v1.ListMessagesRequest;
import chat.v1.LogoutRequest;
import chat.v1.SendMessageRequest;
import io.grpc.Channel;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * An account's session. It belongs to the cluster, not to a connection: it survives failovers, and
 * the token opens it again in another process. Blocking methods return when the service has
 * answered, at the latest after {@link ChatClient.Builder#callTimeout}; they throw {@link
 * ChatException}, which is definite, or {@link OutcomeUnknownException}. Thread-safe.
 */
public final class ChatSession {
  private static final int PAGE = 200;

  private final Connections connections;
  private final RequestIds requestIds;
  private final String username;
  private final String token;
  private final Channel channel;
  private final Acknowledger acknowledger;

  ChatSession(Connections connections, RequestIds requestIds, String username, String token) {
    this.connections = connections;
    this.requestIds = requestIds;
    this.username = username;
    this.token = token;
    this.channel = connections.primaryChannel(token);
    this.acknowledger = new Acknowledger(connections, channel);
  }

  public String username() {
    return username;
  }

  /** Whoever has it is this account; good for {@link ChatClient#resume}. */
  public String token() {
    return token;
  }

  /** Sends a message and waits until the service has accepted it. */
  public SentMessage send(String recipient, String text) {
    return send(recipient, text, requestIds.next());
  }

  /** The same with an id of the caller's, to ask again about a message of unknown outcome. */
  public SentMessage send(String recipient, String text, String requestId) {
    return Answers.await(sendAsync(recipient, text, requestId), requestId);
  }

  /**
   * Sends a message without waiting for the answer. Messages on the way at the same time have no
   * order among themselves; {@link #openSender} keeps one.
   *
   * <p>Waits while as many as {@link ChatClient.Builder#sendsInFlight} allows are on the way: that
   * is the back-pressure. After as long as a call may take without room, or if the thread is
   * interrupted meanwhile, the future fails with a definite {@code OVERLOADED}.
   *
   * <p>The future is completed on a thread of the library's which may block, and may send.
   */
  public CompletableFuture<SentMessage> sendAsync(String recipient, String text) {
    return sendAsync(recipient, text, requestIds.next());
  }

  /** The same with an id of the caller's. */
  public CompletableFuture<SentMessage> sendAsync(String recipient, String text, String requestId) {
    SendMessageRequest request =
        SendMessageRequest.newBuilder()
            .setRecipient(recipient)
            .setText(text)
            .setRequestId(requestId)
            .build();
    Optional<ChatException> noRoom = awaitRoom();
    if (noRoom.isPresent()) {
      return CompletableFuture.failedFuture(noRoom.get());
    }
    return new RepeatedCall<>(
            connections,
            channel,
            ChatServiceGrpc.getSendMessageMethod(),
            request,
            requestId,
            response -> Wire.sent(response, requestId),
            () -> connections.sendRoom().release())
        .start();
  }

  /** Takes a place among the messages on the way; what is wrong if there was none in time. */
  private Optional<ChatException> awaitRoom() {
    String why;
    try {
      long patienceNanos = connections.times().whole().toNanos();
      if (connections.sendRoom().tryAcquire(patienceNanos, TimeUnit.NANOSECONDS)) {
        return Optional.empty();
      }
      why = "As many messages as are allowed have been on their way all the time";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      why = "Interrupted while as many messages as are allowed were on their way";
    }
    return Optional.of(
        ServerError.definite(ErrorReason.OVERLOADED, why + "; this one was not sent."));
  }

  /**
   * Opens a stream that sends many messages in order.
   *
   * @param inFlightMax how many may be on the way at a time, 1 to 1024
   */
  public MessageSender openSender(int inFlightMax) {
    return new MessageSender(connections, channel, requestIds, inFlightMax).start();
  }

  /** Opens the stream of everything that is not acknowledged and of everything that comes. */
  public MessageStream receive() {
    return receive(0);
  }

  /**
   * The same, after the later of this message and what is acknowledged. The session is attached
   * while it is open: another stream on the same session ends this one.
   */
  public MessageStream receive(long afterMessageId) {
    return new MessageStream(connections, channel, acknowledger, afterMessageId).start();
  }

  /**
   * Undelivered messages, oldest first, which stay undelivered.
   *
   * @param pageSize at most 1,000; 0 is the server's default
   */
  public FetchedMessages fetch(int pageSize) {
    return Answers.await(
        connections.call(
            channel,
            ChatServiceGrpc.getFetchMessagesMethod(),
            FetchMessagesRequest.newBuilder().setPageSize(pageSize).build(),
            null,
            response ->
                new FetchedMessages(
                    Wire.messages(response.getMessagesList()), response.getRemainingCount())),
        "");
  }

  /** Tells the service that everything up to this message is delivered. Repeatable. */
  public void acknowledge(long messageId) {
    Answers.await(acknowledger.acknowledge(messageId), "");
  }

  /** The messages to and from another account, newest first, fetched as they are asked for. */
  public Stream<ChatMessage> history(String peer) {
    return Pages.stream(
        pageToken ->
            Answers.await(
                connections.call(
                    channel,
                    ChatServiceGrpc.getListMessagesMethod(),
                    ListMessagesRequest.newBuilder()
                        .setPeer(peer)
                        .setPageSize(PAGE)
                        .setPageToken(pageToken)
                        .build(),
                    null,
                    response ->
                        new Pages.Page<>(
                            Wire.messages(response.getMessagesList()),
                            response.getNextPageToken())),
                ""));
  }

  /**
   * The accounts whose names match, in order, fetched as they are asked for.
   *
   * @param filter {@code *} any run, {@code ?} one character, all else literal; empty is all
   */
  public Stream<AccountInfo> accounts(String filter) {
    return Pages.stream(
        pageToken ->
            Answers.await(
                connections.call(
                    channel,
                    ChatServiceGrpc.getListAccountsMethod(),
                    ListAccountsRequest.newBuilder()
                        .setFilter(filter)
                        .setPageSize(PAGE)
                        .setPageToken(pageToken)
                        .build(),
                    null,
                    response ->
                        new Pages.Page<>(
                            response.getAccountsList().stream()
                                .map(a -> new AccountInfo(a.getUsername(), a.getOnline()))
                                .toList(),
                            response.getNextPageToken())),
                ""));
  }

  /**
   * Deletes the account and its session.
   *
   * @param discardUndelivered also if messages wait, which are lost then
   * @return how many messages were discarded
   */
  public int deleteAccount(boolean discardUndelivered) {
    return deleteAccount(discardUndelivered, requestIds.next());
  }

  /** The same with an id of the caller's, to ask again about an unknown outcome. */
  public int deleteAccount(boolean discardUndelivered, String requestId) {
    return Answers.await(
        connections.call(
            channel,
            ChatServiceGrpc.getDeleteAccountMethod(),
            DeleteAccountRequest.newBuilder()
                .setDiscardUndelivered(discardUndelivered)
                .setRequestId(requestId)
                .build(),
            requestId,
            DeleteAccountResponse::getDiscardedCount),
        requestId);
  }

  /**
   * Changes the account's password. This session ends with it, and so do its streams; the account
   * goes on in the one that is returned.
   */
  public ChatSession changePassword(String oldPassword, String newPassword) {
    return changePassword(oldPassword, newPassword, requestIds.next());
  }

  /**
   * The same with an id of the caller's, to ask again about an unknown outcome. This session may be
   * asked, though it has ended if the password was changed.
   */
  public ChatSession changePassword(String oldPassword, String newPassword, String requestId) {
    return Answers.await(
        connections.call(
            channel,
            ChatServiceGrpc.getChangePasswordMethod(),
            ChangePasswordRequest.newBuilder()
                .setOldPassword(oldPassword)
                .setNewPassword(newPassword)
                .setRequestId(requestId)
                .build(),
            requestId,
            response ->
                new ChatSession(
                    connections,
                    requestIds,
                    username,
                    Wire.sessionToken(response.getSessionToken()))),
        requestId);
  }

  /** Ends the session; the token is worth nothing afterwards. */
  public void logout() {
    Answers.await(
        connections.call(
            channel,
            ChatServiceGrpc.getLogoutMethod(),
            LogoutRequest.getDefaultInstance(),
            null,
            response -> response),
        "");
  }
}
