/**
 * Peers over gRPC: the replication service in, peer clients out, the life socket and the probe for
 * crash evidence. Translates between messages of {@code replication} and the wire; decides nothing.
 */
@NullMarked
package chat.server.transport;

import org.jspecify.annotations.NullMarked;
