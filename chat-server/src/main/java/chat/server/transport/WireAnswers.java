package chat.server.transport;

import static chat.server.transport.RefusedMessageException.malformed;

import chat.replication.v1.AcceptGiven;
import chat.replication.v1.AcceptResponse;
import chat.replication.v1.FetchEntriesResponse;
import chat.replication.v1.HeartbeatResponse;
import chat.replication.v1.InstallViewResponse;
import chat.replication.v1.PromiseGiven;
import chat.replication.v1.PromiseResponse;
import chat.replication.v1.ReplicateResponse;
import chat.replication.v1.StillHeardResponse;
import chat.server.replication.Envelope;
import chat.server.replication.HardState;
import chat.server.replication.LogPosition;
import chat.server.replication.Message;
import org.jspecify.annotations.Nullable;

/**
 * Answers to and from the wire, each with its envelope. A method that encodes throws {@code
 * IllegalArgumentException} if its RPC cannot be answered so; decoding checks like {@link
 * WireRequests}.
 */
final class WireAnswers {
  private WireAnswers() {}

  static ReplicateResponse replicate(Envelope envelope, Message.Appended message) {
    return ReplicateResponse.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setView(message.view().number())
        .setDurableIndex(message.durableIndex())
        .build();
  }

  static Envelope decode(ReplicateResponse wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    return addressed.with(
        new Message.Appended(
            WireChecks.epoch(wire.getView(), "view"),
            WireChecks.index(wire.getDurableIndex(), "durable_index")));
  }

  static HeartbeatResponse heartbeat(Envelope envelope) {
    Message.HeartbeatAnswer message = expected(envelope, Message.HeartbeatAnswer.class);
    return HeartbeatResponse.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setReport(WireViews.encode(message.report()))
        .setSentAtNanos(message.sentAtNanos())
        .setEcho(message.echo())
        .build();
  }

  static Envelope decode(HeartbeatResponse wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasReport(), "report");
    return addressed.with(
        new Message.HeartbeatAnswer(
            WireViews.decode(wire.getReport(), "report"), wire.getSentAtNanos(), wire.getEcho()));
  }

  static PromiseResponse promise(Envelope envelope) {
    PromiseResponse.Builder wire =
        PromiseResponse.newBuilder().setHeader(WireHeaders.encode(envelope));
    if (envelope.message() instanceof Message.Refusal refusal) {
      return wire.setRefusal(encode(refusal)).build();
    }
    return wire.setPromise(encode(expected(envelope, Message.Promise.class))).build();
  }

  static Envelope decode(PromiseResponse wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    return switch (wire.getAnswerCase()) {
      case PROMISE -> addressed.with(decode(wire.getPromise()));
      case REFUSAL -> addressed.with(decode(wire.getRefusal()));
      case ANSWER_NOT_SET -> throw malformed("answer is missing");
    };
  }

  static AcceptResponse accept(Envelope envelope) {
    AcceptResponse.Builder wire =
        AcceptResponse.newBuilder().setHeader(WireHeaders.encode(envelope));
    if (envelope.message() instanceof Message.Refusal refusal) {
      return wire.setRefusal(encode(refusal)).build();
    }
    Message.Accepted accepted = expected(envelope, Message.Accepted.class);
    return wire.setAccepted(
            AcceptGiven.newBuilder()
                .setBase(accepted.base().number())
                .setBallot(accepted.ballot().number()))
        .build();
  }

  static Envelope decode(AcceptResponse wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    return switch (wire.getAnswerCase()) {
      case ACCEPTED ->
          addressed.with(
              new Message.Accepted(
                  WireChecks.epoch(wire.getAccepted().getBase(), "accepted.base"),
                  WireChecks.epoch(wire.getAccepted().getBallot(), "accepted.ballot")));
      case REFUSAL -> addressed.with(decode(wire.getRefusal()));
      case ANSWER_NOT_SET -> throw malformed("answer is missing");
    };
  }

  static InstallViewResponse installView(Envelope envelope) {
    return InstallViewResponse.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setView(expected(envelope, Message.Installed.class).view().number())
        .build();
  }

  static Envelope decode(InstallViewResponse wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    return addressed.with(new Message.Installed(WireChecks.epoch(wire.getView(), "view")));
  }

  static FetchEntriesResponse fetchEntries(Envelope envelope) {
    Message.Fetched message = expected(envelope, Message.Fetched.class);
    return FetchEntriesResponse.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setAfter(WireLog.encode(message.after()))
        .addAllEntries(WireLog.encode(message.entries()))
        .setCommitIndex(message.commitIndex())
        .setFirstIndex(message.firstIndex())
        .build();
  }

  static Envelope decode(FetchEntriesResponse wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasAfter(), "after");
    LogPosition after = WireLog.decode(wire.getAfter(), "after");
    return addressed.with(
        new Message.Fetched(
            after,
            WireLog.decode(after, wire.getEntriesList()),
            WireChecks.index(wire.getCommitIndex(), "commit_index"),
            WireChecks.index(wire.getFirstIndex(), "first_index")));
  }

  static StillHeardResponse stillHeard(Envelope envelope) {
    return StillHeardResponse.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setTargetId(expected(envelope, Message.StillHeard.class).target().value())
        .build();
  }

  static Envelope decode(StillHeardResponse wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    return addressed.with(
        new Message.StillHeard(WireChecks.server(wire.getTargetId(), "target_id")));
  }

  private static PromiseGiven encode(Message.Promise message) {
    PromiseGiven.Builder wire =
        PromiseGiven.newBuilder()
            .setBase(message.base().number())
            .setBallot(message.ballot().number())
            .setInstalled(message.installed().number())
            .setEnd(WireLog.encode(message.end()))
            .addAllProvenIds(WireViews.encode(message.proven()))
            .addAllProvenUnderLeaseIds(WireViews.encode(message.provenUnderLease()));
    HardState.@Nullable Accepted accepted = message.accepted();
    if (accepted != null) {
      wire.setAccepted(WireViews.encode(accepted));
    }
    return wire.build();
  }

  private static Message.Promise decode(PromiseGiven wire) throws RefusedMessageException {
    WireChecks.present(wire.hasEnd(), "promise.end");
    return new Message.Promise(
        WireChecks.epoch(wire.getBase(), "promise.base"),
        WireChecks.epoch(wire.getBallot(), "promise.ballot"),
        WireChecks.epoch(wire.getInstalled(), "promise.installed"),
        WireLog.decode(wire.getEnd(), "promise.end"),
        WireChecks.servers(wire.getProvenIdsList(), "promise.proven_ids"),
        WireChecks.servers(wire.getProvenUnderLeaseIdsList(), "promise.proven_under_lease_ids"),
        wire.hasAccepted() ? WireViews.decode(wire.getAccepted(), "promise.accepted") : null);
  }

  private static chat.replication.v1.Refusal encode(Message.Refusal message) {
    return chat.replication.v1.Refusal.newBuilder()
        .setBase(message.base().number())
        .setBallot(message.ballot().number())
        .setView(WireViews.encode(message.view()))
        .setHighestBallot(message.highestBallot().number())
        .setReason(message.reason())
        .build();
  }

  private static Message.Refusal decode(chat.replication.v1.Refusal wire)
      throws RefusedMessageException {
    WireChecks.present(wire.hasView(), "refusal.view");
    return new Message.Refusal(
        WireChecks.epoch(wire.getBase(), "refusal.base"),
        WireChecks.epoch(wire.getBallot(), "refusal.ballot"),
        WireViews.decode(wire.getView(), "refusal.view"),
        WireChecks.epoch(wire.getHighestBallot(), "refusal.highest_ballot"),
        WireChecks.text(wire.getReason(), "refusal.reason"));
  }

  private static <M extends Message.Answer> M expected(Envelope envelope, Class<M> type) {
    if (!type.isInstance(envelope.message())) {
      throw new IllegalArgumentException(
          "this call is answered by " + type.getSimpleName() + ", not by " + envelope.message());
    }
    return type.cast(envelope.message());
  }
}
