package chat.server;

import chat.server.replication.ServerId;

/** Why a server's run ended, and so what its process does next. */
sealed interface End {
  /** Somebody stopped it. */
  record Stopped() implements End {}

  /** The disk is ready for the next start: what is to change there is decided, or nothing is. */
  record Restart() implements End {}

  /** Its log is behind what the others still keep (R15). */
  record SnapshotNeeded() implements End {}

  /** An operator began another lineage of this cluster, at that server. */
  record LaterLineage(ServerId at, long lineage) implements End {}
}
