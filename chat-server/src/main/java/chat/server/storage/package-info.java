/**
 * H2: the state that the log produces. Implements the ports of {@code chat} and {@code runtime};
 * nothing of gRPC may come in, and nothing here decides a rule of chat.
 */
@NullMarked
package chat.server.storage;

import org.jspecify.annotations.NullMarked;
