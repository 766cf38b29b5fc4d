/** The replica thread and its neighbours with fakes for disk, network and database. */
@NullMarked
package chat.server.runtime;

import org.jspecify.annotations.NullMarked;
