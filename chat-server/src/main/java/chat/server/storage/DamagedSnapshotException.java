package chat.server.storage;

import java.io.IOException;

/** A snapshot is cut short, or not as it was written: nothing in it is to be believed. */
public final class DamagedSnapshotException extends IOException {
  private static final long serialVersionUID = 1L;

  DamagedSnapshotException(String what) {
    super("The snapshot is damaged: " + what + ". Fetch or make it anew.");
  }
}
