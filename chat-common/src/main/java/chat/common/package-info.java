/**
 * What several sides of the wire need beside the generated code: error reasons, and the check of
 * requests before they reach a service. Imports the JDK and gRPC only; nothing of a server or a
 * client may come in.
 */
@NullMarked
package chat.common;

import org.jspecify.annotations.NullMarked;
