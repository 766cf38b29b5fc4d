/** Input as nobody would send it in good faith, for the tests of all rooms. Drawn from a seed. */
@NullMarked
package chat.server.fuzz;

import org.jspecify.annotations.NullMarked;
