/** Tests of run/bench: its command line, and a short run of each mode. */
@NullMarked
package chat.client.bench;

import org.jspecify.annotations.NullMarked;
