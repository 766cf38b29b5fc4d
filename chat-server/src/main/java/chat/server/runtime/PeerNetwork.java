package chat.server.runtime;

import chat.server.replication.Envelope;
import chat.server.replication.ServerId;

/**
 * The way to the other servers. Like a network, it may lose what it is given; it keeps the order of
 * append requests to one peer, and says when a connection breaks.
 */
public interface PeerNetwork {
  /** Sends or loses it. Never blocks; called by whoever drives the replica. */
  void send(Envelope envelope);

  /** What arrives. Called by threads of the network, which must not be held up. */
  interface Receiver {
    void received(Envelope envelope);

    /** The connection to or from a peer broke, or could not be made: a reason to probe it (R7). */
    void disconnected(ServerId peer);
  }
}
