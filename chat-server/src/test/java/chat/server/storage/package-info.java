/** The database: determinism, what it survives, what it answers, and how fast it applies. */
@NullMarked
package chat.server.storage;

import org.jspecify.annotations.NullMarked;
