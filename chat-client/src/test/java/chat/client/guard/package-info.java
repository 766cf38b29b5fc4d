/** Measurements of what keeps a server standing: floods, overload, clients that do not read. */
@NullMarked
package chat.client.guard;

import org.jspecify.annotations.NullMarked;
