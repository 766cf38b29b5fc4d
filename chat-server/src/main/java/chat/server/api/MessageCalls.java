package chat.server.api;

import chat.server.chat.ChatQueries;
import chat.server.chat.ChatQueries.History;
import chat.server.chat.Command;
import chat.server.chat.Outcome;
import chat.server.chat.StoredMessage;
import chat.v1.AcknowledgeMessagesRequest;
import chat.v1.AcknowledgeMessagesResponse;
import chat.v1.Delivery;
import chat.v1.FetchMessagesRequest;
import chat.v1.FetchMessagesResponse;
import chat.v1.ListMessagesRequest;
import chat.v1.ListMessagesResponse;
import chat.v1.Message;
import chat.v1.SendMessageRequest;
import chat.v1.SendMessageResponse;
import chat.v1.SendMessagesRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/** Messages: send, fetch, acknowledge, list. Thread-safe; methods refuse at once by throwing. */
final class MessageCalls {
  private static final String LISTING = "messages";

  /** A page ends early rather than exceed what a gRPC client takes by default (4 MiB). */
  private static final int PAGE_BYTES_MAX = 1 << 20;

  private final Proposals proposals;
  private final ChatQueries queries;
  private final SessionReads reads;
  private final Validation validation;
  private final Predicate<String> receiving;
  private final Limits limits;
  private final AccountRates rates;
  private final SendStreams sendStreams;

  /**
   * @param receiving whether the account of a name has a stream open now
   */
  MessageCalls(
      Proposals proposals,
      ChatQueries queries,
      SessionReads reads,
      Validation validation,
      Predicate<String> receiving,
      AccountRates rates,
      Limits limits) {
    this.proposals = proposals;
    this.queries = queries;
    this.reads = reads;
    this.validation = validation;
    this.receiving = receiving;
    this.rates = rates;
    this.limits = limits;
    this.sendStreams = new SendStreams(limits.calls().sendStreamsPerAccountMax());
  }

  CompletableFuture<SendMessageResponse> send(SessionKey session, SendMessageRequest request) {
    Validation.requestId("request_id", request.getRequestId(), false);
    check(request.getRecipient(), request.getText());
    return reads
        .forWrite(session)
        .thenCompose(
            state -> {
              rates.message(state.accountId());
              return proposals.propose(
                  command(
                      session, request.getRecipient(), request.getText(), request.getRequestId()));
            })
        // At once, on the thread that applied it: another one would have to be woken first.
        .thenApply(MessageCalls::sent);
  }

  /**
   * Makes ready to send on a stream: looks once whether the session may, and whether its account
   * has too many such streams.
   */
  CompletableFuture<SendPipeline.Sender> openSender(SessionKey session) {
    return reads
        .forWrite(session)
        .thenApply(
            state -> {
              SendStreams.Place place = sendStreams.take(state.accountId());
              return new SendPipeline.Sender() {
                @Override
                public CompletableFuture<SendMessageResponse> send(
                    SendMessagesRequest request, BooleanSupplier wanted) {
                  return sendOne(session, state.accountId(), request, wanted);
                }

                @Override
                public void close() {
                  place.close();
                }
              };
            });
  }

  /** Proposes before it returns, so that one thread's messages are appended in its order. */
  private CompletableFuture<SendMessageResponse> sendOne(
      SessionKey session, long accountId, SendMessagesRequest request, BooleanSupplier wanted) {
    if (request.getSerializedSize() > limits.requestBytesMax()) {
      throw RequestWords.tooLarge(limits).asException();
    }
    Validation.requestId("request_id", request.getRequestId(), true);
    check(request.getRecipient(), request.getText());
    rates.message(accountId);
    reads.used(session);
    return proposals
        .proposeInStream(
            command(session, request.getRecipient(), request.getText(), request.getRequestId()),
            wanted)
        // At once, on the thread that applied it: another one would have to be woken first.
        .thenApply(MessageCalls::sent);
  }

  private void check(String recipient, String text) {
    Validation.username("recipient", recipient);
    validation.text("text", text);
  }

  private Command.SendMessage command(
      SessionKey session, String recipient, String text, String requestId) {
    return new Command.SendMessage(
        proposals.nowMicros(),
        session.hash(),
        recipient,
        text,
        requestId,
        receiving.test(recipient),
        limits.inboxMessagesMax());
  }

  private static SendMessageResponse sent(Outcome outcome) {
    Outcome.MessageAccepted accepted =
        OutcomeRefusals.expect(Outcome.MessageAccepted.class, outcome);
    return SendMessageResponse.newBuilder()
        .setMessageId(accepted.message().messageId())
        .setSentTime(Protos.timestamp(accepted.message().sentTimeMicros()))
        .setDelivery(accepted.live() ? Delivery.DELIVERY_LIVE : Delivery.DELIVERY_QUEUED)
        .setDuplicate(accepted.duplicate())
        .build();
  }

  CompletableFuture<FetchMessagesResponse> fetch(SessionKey session, FetchMessagesRequest request) {
    int pageSize = validation.pageSize("page_size", request.getPageSize());
    return reads.read(
        session,
        state -> {
          List<Message> page =
              page(queries.undelivered(state.accountId(), state.acknowledgedId(), pageSize));
          // The two reads are not one: what came or went between them must not show below zero.
          int remaining = Math.max(0, queries.undeliveredCount(state.accountId()) - page.size());
          return FetchMessagesResponse.newBuilder()
              .addAllMessages(page)
              .setRemainingCount(remaining)
              .build();
        });
  }

  CompletableFuture<AcknowledgeMessagesResponse> acknowledge(
      SessionKey session, AcknowledgeMessagesRequest request) {
    Validation.messageId("message_id", request.getMessageId());
    return reads
        .forWrite(session)
        .thenCompose(
            state -> {
              rates.other(state.accountId());
              return proposals.propose(
                  new Command.Acknowledge(
                      proposals.nowMicros(), session.hash(), request.getMessageId()));
            })
        .thenApply(
            outcome -> {
              OutcomeRefusals.expect(Outcome.Acknowledged.class, outcome);
              return AcknowledgeMessagesResponse.getDefaultInstance();
            });
  }

  CompletableFuture<ListMessagesResponse> list(SessionKey session, ListMessagesRequest request) {
    Validation.username("peer", request.getPeer());
    int pageSize = validation.pageSize("page_size", request.getPageSize());
    return reads.read(
        session,
        state -> {
          long peer =
              queries
                  .correspondent(request.getPeer())
                  .orElseThrow(() -> OutcomeRefusals.noSuchAccount().asException());
          String[] listing = {LISTING, Long.toString(state.accountId()), Long.toString(peer)};
          long before =
              PageToken.decode(request.getPageToken(), listing)
                  .map(MessageCalls::position)
                  .orElse(Long.MAX_VALUE);
          History found = queries.history(state.accountId(), peer, before, pageSize);
          List<Message> page = page(found.messages());
          boolean isNothing = page.isEmpty() && found.before() == 0 && before == Long.MAX_VALUE;
          if (isNothing && queries.credentials(request.getPeer()).isEmpty()) {
            // A deleted account is there for those alone who have something of it.
            throw OutcomeRefusals.noSuchAccount().asException();
          }
          ListMessagesResponse.Builder response =
              ListMessagesResponse.newBuilder().addAllMessages(page);
          long next =
              page.size() < found.messages().size()
                  ? page.get(page.size() - 1).getMessageId()
                  : found.before();
          if (next != 0) {
            response.setNextPageToken(PageToken.encode(Long.toString(next), listing));
          }
          return response.build();
        });
  }

  private static long position(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw PageToken.bad();
    }
  }

  /** As many of the messages as go into one response, at least one if there is one. */
  private static List<Message> page(List<StoredMessage> messages) {
    List<Message> page = new ArrayList<>();
    int bytes = 0;
    for (StoredMessage stored : messages) {
      Message message = Protos.message(stored);
      bytes += message.getSerializedSize();
      if (bytes > PAGE_BYTES_MAX && !page.isEmpty()) {
        break;
      }
      page.add(message);
    }
    return page;
  }
}
