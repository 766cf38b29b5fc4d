/**
 * Real servers as child processes, real traffic, and the count of what arrived: for the demo and
 * for tests that kill servers. Imports {@code chat.client}, never the stubs and never the server,
 * which it knows as a command only.
 */
@NullMarked
package chat.client.demo;

import org.jspecify.annotations.NullMarked;
