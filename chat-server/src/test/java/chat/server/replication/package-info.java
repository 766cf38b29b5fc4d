/** The simulator of the replication core, its random schedules and its directed ones. */
@NullMarked
package chat.server.replication;

import org.jspecify.annotations.NullMarked;
