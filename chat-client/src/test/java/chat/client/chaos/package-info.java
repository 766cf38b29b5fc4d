/**
 * Random faults on real servers under real traffic, and a verdict: {@code run/chaos}. Imports the
 * library, {@code chat.client.demo} and {@code chat.client.verify}; the stubs only where it must
 * know which server answered. Never the server, which it knows as a command only.
 */
@NullMarked
package chat.client.chaos;

import org.jspecify.annotations.NullMarked;
