package chat.client;

import chat.common.ErrorReason;
import chat.v1.Message;
import com.google.protobuf.Any;
import com.google.protobuf.Timestamp;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** The state that the servers of a {@link FakeCluster} share. Guarded by its own monitor. */
final class FakeChat {
  static final class Account {
    final String name;
    String password;
    String token = "";
    boolean attached;
    long acknowledged;
    final List<Message> inbox = new ArrayList<>();

    Account(String name, String password) {
      this.name = name;
      this.password = password;
    }

    List<Message> undelivered() {
      return inbox.stream().filter(message -> message.getMessageId() > acknowledged).toList();
    }
  }

  private final Map<String, Account> accounts = new TreeMap<>();
  private final Map<String, Message> byRequestId = new HashMap<>();
  private final List<Message> messages = new ArrayList<>();
  private long nextId = 1;
  private int logins;

  /** So many undelivered messages an account may have. */
  private int inboxLimit = Integer.MAX_VALUE;

  synchronized void limitInboxes(int most) {
    inboxLimit = most;
  }

  synchronized void acknowledgeAll(String name) {
    account(name).acknowledged = nextId - 1;
  }

  synchronized void create(String name, String password) {
    if (accounts.containsKey(name)) {
      throw refusal(Status.Code.ALREADY_EXISTS, ErrorReason.USERNAME_TAKEN, "Name taken.");
    }
    accounts.put(name, new Account(name, password));
  }

  synchronized String login(String name, String password, boolean takeOver) {
    Account account = accounts.get(name);
    if (account == null || !account.password.equals(password)) {
      throw refusal(
          Status.Code.UNAUTHENTICATED,
          ErrorReason.BAD_CREDENTIALS,
          "The name or the password is wrong.");
    }
    if (account.attached && !takeOver) {
      throw refusal(
          Status.Code.FAILED_PRECONDITION, ErrorReason.ALREADY_LOGGED_IN, name + " is logged in.");
    }
    account.token = "token-" + name + "-" + ++logins;
    return account.token;
  }

  /** Ends the session that asks, and opens another. */
  synchronized String changePassword(Account account, String old, String changed) {
    if (!account.password.equals(old)) {
      throw refusal(
          Status.Code.UNAUTHENTICATED, ErrorReason.BAD_CREDENTIALS, "The password is wrong.");
    }
    account.password = changed;
    account.attached = false;
    return login(account.name, changed, true);
  }

  synchronized Account session(String token) {
    return accounts.values().stream()
        .filter(account -> !token.isEmpty() && account.token.equals(token))
        .findFirst()
        .orElseThrow(
            () -> refusal(Status.Code.UNAUTHENTICATED, ErrorReason.NO_SESSION, "No such session."));
  }

  /** The stored message; the same again for the same request id. */
  synchronized Message send(String sender, String recipient, String text, String requestId) {
    Message known = byRequestId.get(requestId);
    if (known != null) {
      return known;
    }
    Account to = accounts.get(recipient);
    if (to == null) {
      throw refusal(
          Status.Code.NOT_FOUND,
          ErrorReason.NO_SUCH_ACCOUNT,
          "There is no account " + recipient + ".");
    }
    if (to.undelivered().size() >= inboxLimit) {
      throw refusal(
          Status.Code.RESOURCE_EXHAUSTED,
          ErrorReason.INBOX_FULL,
          "The inbox of " + recipient + " is full.");
    }
    Message message =
        Message.newBuilder()
            .setMessageId(nextId++)
            .setSender(sender)
            .setRecipient(recipient)
            .setText(text)
            .setSentTime(Timestamp.newBuilder().setSeconds(1_700_000_000L + nextId))
            .build();
    to.inbox.add(message);
    messages.add(message);
    byRequestId.put(requestId, message);
    return message;
  }

  synchronized boolean knows(String requestId) {
    return byRequestId.containsKey(requestId);
  }

  synchronized List<Message> after(Account account, long messageId) {
    long start = Math.max(messageId, account.acknowledged);
    return account.inbox.stream().filter(message -> message.getMessageId() > start).toList();
  }

  synchronized void acknowledge(Account account, long messageId) {
    account.acknowledged = Math.max(account.acknowledged, messageId);
  }

  private Account account(String name) {
    return Objects.requireNonNull(accounts.get(name), name);
  }

  synchronized long acknowledged(String name) {
    return account(name).acknowledged;
  }

  synchronized List<Message> history(String one, String other) {
    List<Message> found =
        new ArrayList<>(
            messages.stream()
                .filter(
                    message ->
                        (message.getSender().equals(one) && message.getRecipient().equals(other))
                            || (message.getSender().equals(other)
                                && message.getRecipient().equals(one)))
                .toList());
    Collections.reverse(found);
    return found;
  }

  synchronized List<Account> accounts() {
    return List.copyOf(accounts.values());
  }

  synchronized void delete(Account account, boolean discard) {
    if (!account.undelivered().isEmpty() && !discard) {
      throw refusal(
          Status.Code.FAILED_PRECONDITION,
          ErrorReason.UNDELIVERED_MESSAGES,
          account.undelivered().size() + " messages wait.");
    }
    accounts.remove(account.name);
  }

  synchronized List<String> inboxTexts(String name) {
    return account(name).inbox.stream().map(Message::getText).toList();
  }

  static StatusRuntimeException refusal(Status.Code code, ErrorReason reason, String sentence) {
    return refusal(code, reason, sentence, Map.of());
  }

  static StatusRuntimeException refusal(
      Status.Code code, ErrorReason reason, String sentence, Map<String, String> metadata) {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(sentence)
            .addDetails(
                Any.pack(
                    ErrorInfo.newBuilder()
                        .setDomain(ErrorReason.DOMAIN)
                        .setReason(reason.name())
                        .putAllMetadata(metadata)
                        .build()))
            .build());
  }
}
