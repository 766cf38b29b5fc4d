/**
 * The command line: one-shot commands and the interactive session. Imports {@code chat.client},
 * never the stubs.
 */
@NullMarked
package chat.client.cli;

import org.jspecify.annotations.NullMarked;
