package chat.server.transport;

import static chat.server.transport.RefusedMessageException.unwelcome;

import chat.server.replication.Envelope;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import java.util.Set;

/**
 * Lets in what one server sends to this one. Whether it is of the same cluster, disk and
 * incarnation is for the core to judge, which knows what to say about it (R1). Of servers that are
 * not known here only the knock passes, so that an operator can add them. Thread-safe.
 */
final class PeerGate {
  private final ServerId self;
  private volatile Set<ServerId> peers;

  PeerGate(ServerId self, Set<ServerId> peers) {
    this.self = self;
    this.peers = Set.copyOf(peers);
  }

  /** From now on these are the other servers. */
  void know(Set<ServerId> others) {
    peers = Set.copyOf(others);
  }

  /** Returns the envelope of a request, or refuses it. */
  Envelope admit(Envelope envelope) throws RefusedMessageException {
    if (!envelope.to().equals(self)) {
      throw unwelcome(
          "this is server "
              + self
              + ", not "
              + envelope.to()
              + ": the addresses that server "
              + envelope.from()
              + " was given are wrong");
    }
    if (envelope.from().equals(self)) {
      throw unwelcome("another server calls itself " + self + " too, or an address is this one's");
    }
    if (!peers.contains(envelope.from()) && !(envelope.message() instanceof Message.Heartbeat)) {
      throw unwelcome("server " + envelope.from() + " is not configured at server " + self);
    }
    return envelope;
  }

  /** Returns the envelope of an answer to what this server asked {@code peer}, or refuses it. */
  Envelope admitAnswer(ServerId peer, Envelope envelope) throws RefusedMessageException {
    if (!envelope.from().equals(peer)) {
      throw unwelcome("server " + envelope.from() + " answers at the address of server " + peer);
    }
    return admit(envelope);
  }
}
