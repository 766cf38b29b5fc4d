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
    admit(envelope.from(), envelope.to(), envelope.message() instanceof Message.Heartbeat);
    return envelope;
  }

  /** Refuses what one server asks of another, unless it is a peer's to this one or a knock. */
  void admit(ServerId from, ServerId to, boolean isKnock) throws RefusedMessageException {
    CallerCheck.requireSender(from);
    requireForUs(from, to, isKnock);
  }

  private void requireForUs(ServerId from, ServerId to, boolean isKnock)
      throws RefusedMessageException {
    if (!to.equals(self)) {
      throw unwelcome(
          "this is server "
              + self
              + ", not "
              + to
              + ": the addresses that server "
              + from
              + " was given are wrong");
    }
    if (from.equals(self)) {
      throw unwelcome("another server calls itself " + self + " too, or an address is this one's");
    }
    if (!peers.contains(from) && !isKnock) {
      throw unwelcome("server " + from + " is not configured at server " + self);
    }
  }

  /** Returns the envelope of an answer to what this server asked {@code peer}, or refuses it. */
  Envelope admitAnswer(ServerId peer, Envelope envelope) throws RefusedMessageException {
    if (!envelope.from().equals(peer)) {
      throw unwelcome("server " + envelope.from() + " answers at the address of server " + peer);
    }
    // Whose certificate it is was checked when the connection was made.
    requireForUs(envelope.from(), envelope.to(), false);
    return envelope;
  }
}
