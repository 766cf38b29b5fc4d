package chat.server;

import chat.server.replication.Ready;

/** Why a server's run ended, and so what its process does next. */
sealed interface End {
  /** Somebody stopped it. */
  record Stopped() implements End {}

  /** The disk is ready for the next start: what is to change there is decided, or nothing is. */
  record Restart() implements End {}

  /** Before it began: the disk does not suffice for a start. */
  record StateLost(String why) implements End {}

  /** The replication cannot go on with what the disk holds. */
  record Replaced(Ready.Ending why) implements End {}
}
