/**
 * The shell around the pure core: who drives {@code Replica}, one thread at a time, and does what
 * {@code Ready} says; the thread that applies what is committed; and the ports they need.
 */
@NullMarked
package chat.server.runtime;

import org.jspecify.annotations.NullMarked;
