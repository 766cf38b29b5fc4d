package chat.server.transport;

import static chat.server.transport.RefusedMessageException.unwelcome;

import chat.replication.v1.Header;
import chat.server.replication.Envelope;
import chat.server.replication.Incarnation;
import chat.server.replication.Message;
import chat.server.replication.ServerId;

/** The header that every message bears, to and from the wire. */
final class WireHeaders {
  /** Of the wire format and of what its messages mean; another one is refused. */
  static final int PROTOCOL_VERSION = 1;

  private WireHeaders() {}

  static Header encode(Envelope envelope) {
    return encode(envelope.header(), envelope.to(), envelope.toIncarnation(), envelope.call());
  }

  static Header encode(Envelope.Header header, ServerId to, Incarnation toIncarnation, long call) {
    return Header.newBuilder()
        .setProtocolVersion(PROTOCOL_VERSION)
        .setClusterId(header.clusterId())
        .setLineage(header.lineage())
        .setConfiguration(header.configuration())
        .setFromId(header.from().value())
        .setDiskId(header.diskId())
        .setIncarnation(header.incarnation().value())
        .setEpoch(header.epoch().number())
        .setToId(to.value())
        .setToIncarnation(toIncarnation.value())
        .setCall(call)
        .build();
  }

  /**
   * Reads a header. Before anything else of a message: in another version the rest means nothing.
   */
  static Addressed decode(boolean present, Header header) throws RefusedMessageException {
    WireChecks.present(present, "header");
    if (header.getProtocolVersion() != PROTOCOL_VERSION) {
      throw unwelcome(
          "protocol version "
              + header.getProtocolVersion()
              + " is not "
              + PROTOCOL_VERSION
              + ": all servers must run versions that go together");
    }
    return new Addressed(
        new Envelope.Header(
            WireChecks.text(header.getClusterId(), "header.cluster_id"),
            WireChecks.index(header.getLineage(), "header.lineage"),
            WireChecks.text(header.getConfiguration(), "header.configuration"),
            WireChecks.server(header.getFromId(), "header.from_id"),
            WireChecks.text(header.getDiskId(), "header.disk_id"),
            WireChecks.incarnation(header.getIncarnation(), "header.incarnation"),
            WireChecks.epoch(header.getEpoch(), "header.epoch")),
        WireChecks.server(header.getToId(), "header.to_id"),
        WireChecks.incarnation(header.getToIncarnation(), "header.to_incarnation"),
        WireChecks.index(header.getCall(), "header.call"));
  }

  /** An envelope without its message. */
  record Addressed(Envelope.Header header, ServerId to, Incarnation toIncarnation, long call) {
    Envelope with(Message message) {
      return new Envelope(header, to, toIncarnation, call, message);
    }
  }
}
