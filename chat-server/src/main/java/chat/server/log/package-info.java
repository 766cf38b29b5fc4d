/**
 * The replicated log on disk: segments, checksums, group fsync; and the small file of promises and
 * views beside it. Implements ports of {@code runtime}; nothing of gRPC or SQL may come in.
 */
@NullMarked
package chat.server.log;

import org.jspecify.annotations.NullMarked;
