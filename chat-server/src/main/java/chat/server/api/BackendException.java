package chat.server.api;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Why {@link ChatBackend} did not answer. All but {@link OutcomeUnknown} promise that the command
 * was never appended, and never will be.
 */
public abstract sealed class BackendException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private BackendException(String message) {
    // Refusals are ordinary during a failover, thousands a second: a stack trace each says nothing.
    super(message, null, false, false);
  }

  /** Another server is primary, or may be: it is named where it is known. */
  public static final class NotPrimary extends BackendException {
    private static final long serialVersionUID = 1L;
    private final int primaryId;
    private final @Nullable String primaryAddress;

    /**
     * @param primaryId the primary's server id, 0 if not known
     * @param primaryAddress its {@code host:port} for clients, null if not known
     */
    public NotPrimary(int primaryId, @Nullable String primaryAddress) {
      super("not the primary");
      this.primaryId = primaryId;
      this.primaryAddress = primaryAddress;
    }

    /** The primary's server id, if known. */
    public OptionalInt primaryId() {
      return primaryId == 0 ? OptionalInt.empty() : OptionalInt.of(primaryId);
    }

    /** The primary's {@code host:port} for clients, if known. */
    public @Nullable String primaryAddress() {
      return primaryAddress;
    }
  }

  /** Nobody is primary: the cluster waits for servers to come back. */
  public static final class NoPrimary extends BackendException {
    private static final long serialVersionUID = 1L;

    public NoPrimary() {
      super("no primary");
    }
  }

  /** A view change is under way; nothing was appended. */
  public static final class ViewChanging extends BackendException {
    private static final long serialVersionUID = 1L;

    public ViewChanging() {
      super("the view is changing");
    }
  }

  /** The command was appended, and this server cannot tell whether it will be committed. */
  public static final class OutcomeUnknown extends BackendException {
    private static final long serialVersionUID = 1L;

    public OutcomeUnknown() {
      super("appended, outcome unknown");
    }
  }

  /** This server is stopping. */
  public static final class ShuttingDown extends BackendException {
    private static final long serialVersionUID = 1L;

    public ShuttingDown() {
      super("shutting down");
    }
  }

  /** Too much waits already; nothing was appended. */
  public static final class Overloaded extends BackendException {
    private static final long serialVersionUID = 1L;

    public Overloaded() {
      super("overloaded");
    }
  }

  /** Some server's disk is nearly full; nothing was appended. */
  public static final class DiskFull extends BackendException {
    private static final long serialVersionUID = 1L;

    public DiskFull() {
      super("disk nearly full");
    }
  }
}
