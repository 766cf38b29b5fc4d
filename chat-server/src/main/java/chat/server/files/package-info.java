/** Files that are there for certain, whatever crashes: replaced whole, checked when read. */
@NullMarked
package chat.server.files;

import org.jspecify.annotations.NullMarked;
