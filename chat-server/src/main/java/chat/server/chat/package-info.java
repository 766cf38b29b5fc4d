/**
 * The rules of chat as a deterministic state machine: commands in, outcomes out, state behind the
 * port {@code ChatTables}. Imports the JDK only; no clock, randomness, I/O or other package of ours
 * may come in, since every server must compute the same from the same log.
 */
@NullMarked
package chat.server.chat;

import org.jspecify.annotations.NullMarked;
