/**
 * The example that the library's description shows, in a package of its own: it can use nothing but
 * what is public.
 */
@NullMarked
package chat.client.example;

import org.jspecify.annotations.NullMarked;
