package chat.server;

import chat.server.api.CallLimits;
import chat.server.api.Limits;
import chat.server.api.Throttling;

/**
 * The bounds that a flag can change.
 *
 * @param textBytesMax longest text of a message, in bytes of UTF-8
 * @param requestBytesMax largest request, in bytes
 * @param inboxMessagesMax undelivered messages of one account before {@code INBOX_FULL}
 * @param pageSizeDefault page size of a request that names none
 * @param pageSizeMax largest page size
 * @param passwordMemoryKib memory of one Argon2id hash, in KiB
 * @param passwordIterations passes of one Argon2id hash
 * @param logSegmentBytes size of one file of the log, in bytes
 * @param logKeepBytes size of the log above which it waits for no server outside the view
 * @param connectionsMax connections of clients
 * @param diskReserveBytes space on the disk that messages leave free; negative for a share of it
 * @param streamsMax open streams
 * @param throttling how often one account or one address may do what costs others something
 * @param calls how many calls may be open
 */
public record ServerLimits(
    int textBytesMax,
    int requestBytesMax,
    int inboxMessagesMax,
    int pageSizeDefault,
    int pageSizeMax,
    int passwordMemoryKib,
    int passwordIterations,
    long logSegmentBytes,
    long logKeepBytes,
    int connectionsMax,
    long diskReserveBytes,
    int streamsMax,
    Throttling throttling,
    CallLimits calls) {
  private static final int CONNECTIONS_MIN = 8;

  /** A text is in one value of the database with others: together they must not be 1 MiB. */
  private static final int TEXT_BYTES_MAX = 512 << 10;

  private static final long SEGMENT_BYTES_MIN = 4096;
  private static final long SEGMENT_BYTES_MAX = 1L << 30;

  /** With the usual bounds of what one account, address or connection may do. */
  ServerLimits(
      int textBytesMax,
      int requestBytesMax,
      int inboxMessagesMax,
      int pageSizeDefault,
      int pageSizeMax,
      int passwordMemoryKib,
      int passwordIterations,
      long logSegmentBytes,
      long logKeepBytes,
      int connectionsMax,
      long diskReserveBytes) {
    this(
        textBytesMax,
        requestBytesMax,
        inboxMessagesMax,
        pageSizeDefault,
        pageSizeMax,
        passwordMemoryKib,
        passwordIterations,
        logSegmentBytes,
        logKeepBytes,
        connectionsMax,
        diskReserveBytes,
        Limits.defaults().streamsMax(),
        Throttling.DEFAULT,
        CallLimits.DEFAULT);
  }

  public ServerLimits {
    positive("--text-bytes-max", textBytesMax);
    if (textBytesMax > TEXT_BYTES_MAX) {
      throw new UsageException(
          "--text-bytes-max must be at most " + TEXT_BYTES_MAX + ", not " + textBytesMax + ".");
    }
    positive("--request-bytes-max", requestBytesMax);
    positive("--inbox-max", inboxMessagesMax);
    positive("--page-size", pageSizeDefault);
    positive("--page-size-max", pageSizeMax);
    positive("--password-memory-kib", passwordMemoryKib);
    positive("--password-iterations", passwordIterations);
    if (logSegmentBytes < SEGMENT_BYTES_MIN || logSegmentBytes > SEGMENT_BYTES_MAX) {
      throw new UsageException(
          "--log-segment-bytes must be from "
              + SEGMENT_BYTES_MIN
              + " to "
              + SEGMENT_BYTES_MAX
              + ", not "
              + logSegmentBytes
              + ".");
    }
    positive("--log-keep-bytes", logKeepBytes);
    if (connectionsMax < CONNECTIONS_MIN) {
      throw new UsageException(
          "--connections-max must be at least "
              + CONNECTIONS_MIN
              + ", not "
              + connectionsMax
              + ".");
    }
    if (pageSizeDefault > pageSizeMax) {
      throw new UsageException(
          "--page-size " + pageSizeDefault + " is above --page-size-max " + pageSizeMax + ".");
    }
    if (textBytesMax > requestBytesMax) {
      throw new UsageException(
          "--text-bytes-max "
              + textBytesMax
              + " is above --request-bytes-max "
              + requestBytesMax
              + ".");
    }
  }

  private static void positive(String flag, long value) {
    if (value < 1) {
      throw new UsageException(flag + " must be at least 1, not " + value + ".");
    }
  }
}
