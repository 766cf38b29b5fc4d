package chat.server.runtime;

/** Why a proposal or a read got no outcome. */
public final class ProposalException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The reasons; with all but {@link #OUTCOME_UNKNOWN} nothing was appended. */
  public enum Reason {
    /** Another server is primary, or nobody is. */
    NOT_PRIMARY,
    /** A change of view took too long. */
    VIEW_CHANGING,
    /** Too much is on its way already. */
    OVERLOADED,
    /** Its proposer took it back before it was appended. */
    UNWANTED,
    /** The server is stopping. */
    STOPPING,
    /** Appended, and whether it will be committed cannot be told here (R13). */
    OUTCOME_UNKNOWN
  }

  private final Reason reason;

  public ProposalException(Reason reason) {
    // Ordinary at a failover, thousands a second: a stack trace says nothing.
    super(reason.toString(), null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
