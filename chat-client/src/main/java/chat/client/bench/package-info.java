/**
 * run/bench: figures of three real servers under the load of one client process. Uses {@code
 * chat.client.demo} for its clusters and, where the library would cost more than the service, the
 * stubs themselves; the server is known as a command only. Nothing imports it.
 */
@NullMarked
package chat.client.bench;

import org.jspecify.annotations.NullMarked;
