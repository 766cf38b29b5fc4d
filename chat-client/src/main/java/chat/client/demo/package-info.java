/**
 * Real servers as child processes and real traffic: for the demo and for tests that kill servers.
 * Imports {@code chat.client} and {@code chat.client.verify}, never the stubs and never the server,
 * which it knows as a command only.
 */
@NullMarked
package chat.client.demo;

import org.jspecify.annotations.NullMarked;
