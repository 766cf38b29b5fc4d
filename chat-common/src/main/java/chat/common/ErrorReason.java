package chat.common;

/**
 * The reasons that errors of {@code chat.v1.ChatService} carry in {@code google.rpc.ErrorInfo},
 * with {@link #DOMAIN} as their domain. The names are the wire format: they are never renamed.
 */
public enum ErrorReason {
  NOT_PRIMARY,
  NO_PRIMARY,
  VIEW_CHANGING,
  SHUTTING_DOWN,
  SLOW_RECEIVER,
  BAD_CREDENTIALS,
  SESSION_EXPIRED,
  SESSION_TAKEN_OVER,
  NO_SESSION,
  USERNAME_TAKEN,
  NO_SUCH_ACCOUNT,
  ALREADY_LOGGED_IN,
  UNDELIVERED_MESSAGES,
  BAD_REQUEST,
  BAD_USERNAME,
  BAD_PASSWORD,
  BAD_TEXT,
  BAD_PAGE_TOKEN,
  BAD_PAGE_SIZE,
  BAD_FILTER,
  BAD_REQUEST_ID,
  BAD_MESSAGE_ID,
  REQUEST_ID_REUSED,
  REQUEST_TOO_LARGE,
  INBOX_FULL,
  RATE_LIMITED,
  OVERLOADED,
  DISK_FULL,
  OUTCOME_UNKNOWN,
  INTERNAL;

  /** The domain of every {@code ErrorInfo} of this service. */
  public static final String DOMAIN = "chat";

  /** The metadata key, on {@link #NOT_PRIMARY}, of the primary's server id. */
  public static final String PRIMARY_ID = "primary_id";

  /** The metadata key, on {@link #NOT_PRIMARY}, of the primary's {@code host:port}. */
  public static final String PRIMARY_ADDRESS = "primary_address";
}
