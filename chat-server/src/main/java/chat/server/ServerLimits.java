package chat.server;

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
 */
public record ServerLimits(
    int textBytesMax,
    int requestBytesMax,
    int inboxMessagesMax,
    int pageSizeDefault,
    int pageSizeMax,
    int passwordMemoryKib,
    int passwordIterations) {

  public ServerLimits {
    positive("--text-bytes-max", textBytesMax);
    positive("--request-bytes-max", requestBytesMax);
    positive("--inbox-max", inboxMessagesMax);
    positive("--page-size", pageSizeDefault);
    positive("--page-size-max", pageSizeMax);
    positive("--password-memory-kib", passwordMemoryKib);
    positive("--password-iterations", passwordIterations);
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

  private static void positive(String flag, int value) {
    if (value < 1) {
      throw new UsageException(flag + " must be at least 1, not " + value + ".");
    }
  }
}
