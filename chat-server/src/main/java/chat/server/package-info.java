/** The composition root: reads the configuration, builds one server, starts and stops it. */
@NullMarked
package chat.server;

import org.jspecify.annotations.NullMarked;
