/**
 * What operators command, over gRPC on the peers' port: checks requests, calls {@link
 * chat.server.admin.AdminOperations}, maps refusals to statuses. Imports {@code replication} for
 * its names and {@code transport} for files in pieces; decides nothing.
 */
@NullMarked
package chat.server.admin;

import org.jspecify.annotations.NullMarked;
