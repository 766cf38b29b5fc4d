/**
 * Counting what was promised against what came: shared by the demo and the tests with real servers.
 * Imports {@code chat.client} and the JDK only.
 */
@NullMarked
package chat.client.verify;

import org.jspecify.annotations.NullMarked;
