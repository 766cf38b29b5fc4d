/**
 * The public gRPC service: checks requests, turns them into commands, maps outcomes to statuses,
 * and keeps the streams of those who listen. Imports {@code chat}, the generated code and gRPC;
 * reaches replication only through the port declared here.
 */
@NullMarked
package chat.server.api;

import org.jspecify.annotations.NullMarked;
