/**
 * The replication protocol as a pure state machine: views, epochs, leases, crash evidence, the
 * bully election. Inputs go into {@link chat.server.replication.Replica}, one {@link
 * chat.server.replication.Ready} comes out: the work that the caller must do, in its order. Imports
 * java.lang and java.util only; no clock, thread, random generator, socket, file or log may come
 * in. The rules R1 to R18 and why they are so: DESIGN-NOTE.md beside this file.
 */
@NullMarked
package chat.server.replication;

import org.jspecify.annotations.NullMarked;
