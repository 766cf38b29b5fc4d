/**
 * What both sides of the wire need beside the generated code: server addresses and error reasons.
 * Imports the JDK only; nothing of a server or a client may come in.
 */
@NullMarked
package chat.common;

import org.jspecify.annotations.NullMarked;
