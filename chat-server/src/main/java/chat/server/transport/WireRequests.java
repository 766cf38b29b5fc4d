package chat.server.transport;

import chat.replication.v1.AcceptRequest;
import chat.replication.v1.FetchEntriesRequest;
import chat.replication.v1.GoodbyeRequest;
import chat.replication.v1.HeartbeatRequest;
import chat.replication.v1.InstallViewRequest;
import chat.replication.v1.JoinRequest;
import chat.replication.v1.PromiseRequest;
import chat.replication.v1.ReplicateRequest;
import chat.replication.v1.StillHeardRequest;
import chat.server.replication.Envelope;
import chat.server.replication.LogPosition;
import chat.server.replication.Message;

/**
 * Requests to and from the wire, each with its envelope.
 *
 * <p>Every {@code decode} checks all that can be checked without knowing the cluster, and throws
 * {@link RefusedMessageException} rather than make anything of a message that is not whole.
 */
final class WireRequests {
  private WireRequests() {}

  static ReplicateRequest encode(Envelope envelope, Message.AppendRequest message) {
    return ReplicateRequest.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setView(message.view().number())
        .setPrevious(WireLog.encode(message.previous()))
        .addAllEntries(WireLog.encode(message.entries()))
        .setCommitIndex(message.commitIndex())
        .build();
  }

  static Envelope decode(ReplicateRequest wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasPrevious(), "previous");
    LogPosition previous = WireLog.decode(wire.getPrevious(), "previous");
    return addressed.with(
        new Message.AppendRequest(
            WireChecks.epoch(wire.getView(), "view"),
            previous,
            WireLog.decode(previous, wire.getEntriesList()),
            WireChecks.index(wire.getCommitIndex(), "commit_index")));
  }

  static HeartbeatRequest encode(Envelope envelope, Message.Heartbeat message) {
    return HeartbeatRequest.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setReport(WireViews.encode(message.report()))
        .setSentAtNanos(message.sentAtNanos())
        // Beside the message, which is the core's: for PeerClocks.
        .setWallClockMillis(System.currentTimeMillis())
        .build();
  }

  static Envelope decode(HeartbeatRequest wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasReport(), "report");
    return addressed.with(
        new Message.Heartbeat(WireViews.decode(wire.getReport(), "report"), wire.getSentAtNanos()));
  }

  static PromiseRequest encode(Envelope envelope, Message.PromiseRequest message) {
    return PromiseRequest.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setBase(WireViews.encode(message.base()))
        .setBallot(message.ballot().number())
        .addAllParticipantIds(WireViews.encode(message.participants()))
        .addAllProofs(WireViews.encode(message.proofs()))
        .build();
  }

  static Envelope decode(PromiseRequest wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasBase(), "base");
    return addressed.with(
        new Message.PromiseRequest(
            WireViews.decode(wire.getBase(), "base"),
            WireChecks.epoch(wire.getBallot(), "ballot"),
            WireChecks.servers(wire.getParticipantIdsList(), "participant_ids"),
            WireChecks.incarnations(wire.getProofsList(), "proofs")));
  }

  static AcceptRequest encode(Envelope envelope, Message.AcceptRequest message) {
    return AcceptRequest.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setBase(message.base().number())
        .setBallot(message.ballot().number())
        .setValue(WireViews.encode(message.value()))
        .build();
  }

  static Envelope decode(AcceptRequest wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasValue(), "value");
    return addressed.with(
        new Message.AcceptRequest(
            WireChecks.epoch(wire.getBase(), "base"),
            WireChecks.epoch(wire.getBallot(), "ballot"),
            WireViews.decode(wire.getValue(), "value")));
  }

  static InstallViewRequest encode(Envelope envelope, Message.InstallRequest message) {
    return InstallViewRequest.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setValue(WireViews.encode(message.value()))
        .build();
  }

  static Envelope decode(InstallViewRequest wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasValue(), "value");
    return addressed.with(new Message.InstallRequest(WireViews.decode(wire.getValue(), "value")));
  }

  static FetchEntriesRequest encode(Envelope envelope, Message.FetchRequest message) {
    return FetchEntriesRequest.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setAfter(WireLog.encode(message.after()))
        .setUpToIndex(message.upToIndex())
        .build();
  }

  static Envelope decode(FetchEntriesRequest wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasAfter(), "after");
    return addressed.with(
        new Message.FetchRequest(
            WireLog.decode(wire.getAfter(), "after"),
            WireChecks.index(wire.getUpToIndex(), "up_to_index")));
  }

  static JoinRequest encode(Envelope envelope, Message.JoinRequest message) {
    return JoinRequest.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setDurable(WireLog.encode(message.durable()))
        .build();
  }

  static Envelope decode(JoinRequest wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    WireChecks.present(wire.hasDurable(), "durable");
    return addressed.with(new Message.JoinRequest(WireLog.decode(wire.getDurable(), "durable")));
  }

  static StillHeardRequest encode(Envelope envelope, Message.StillHeardRequest message) {
    return StillHeardRequest.newBuilder()
        .setHeader(WireHeaders.encode(envelope))
        .setTargetId(message.target().value())
        .build();
  }

  static Envelope decode(StillHeardRequest wire) throws RefusedMessageException {
    WireHeaders.Addressed addressed = WireHeaders.decode(wire.hasHeader(), wire.getHeader());
    return addressed.with(
        new Message.StillHeardRequest(WireChecks.server(wire.getTargetId(), "target_id")));
  }

  static GoodbyeRequest encode(Envelope envelope, Message.Goodbye message) {
    return GoodbyeRequest.newBuilder().setHeader(WireHeaders.encode(envelope)).build();
  }

  static Envelope decode(GoodbyeRequest wire) throws RefusedMessageException {
    return WireHeaders.decode(wire.hasHeader(), wire.getHeader()).with(new Message.Goodbye());
  }
}
