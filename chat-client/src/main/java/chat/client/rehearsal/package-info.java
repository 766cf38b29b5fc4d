/**
 * Plays every one-shot command against a server in the same process, so that the virtual machine
 * can write down which classes they need. Nothing else uses it; imports the command line's entry,
 * the stubs and gRPC.
 */
@NullMarked
package chat.client.rehearsal;

import org.jspecify.annotations.NullMarked;
