/** The rules of chat, tried over the real database, and the bytes of commands. */
@NullMarked
package chat.server.chat;

import org.jspecify.annotations.NullMarked;
