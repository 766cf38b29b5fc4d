/**
 * The client library: a channel that finds the primary and survives its death, sends that are
 * applied exactly once, streams that resume after the last message they saw.
 */
@NullMarked
package chat.client;

import org.jspecify.annotations.NullMarked;
