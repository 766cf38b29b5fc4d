package chat.server.api;

import chat.common.ErrorReason;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * What a request must be before anything is done for it. Every method throws {@link
 * RefusedException} with the field's name. Thread-safe.
 */
final class Validation {
  private static final Pattern USERNAME = Pattern.compile("[A-Za-z0-9._-]{1,32}");
  private static final int PASSWORD_CHARS_MIN = 8;
  private static final int PASSWORD_CHARS_MAX = 128;
  private static final int REQUEST_ID_BYTES_MAX = 64;
  private static final int FILTER_CHARS_MAX = 128;

  private final Limits limits;

  Validation(Limits limits) {
    this.limits = limits;
  }

  static void username(String field, String value) {
    if (!USERNAME.matcher(value).matches()) {
      throw bad(
          ErrorReason.BAD_USERNAME,
          field,
          "A user name is 1 to 32 letters (a to z), digits, '.', '_' or '-'.");
    }
  }

  static void password(String field, String value) {
    int chars = value.codePointCount(0, value.length());
    if (chars < PASSWORD_CHARS_MIN || chars > PASSWORD_CHARS_MAX) {
      throw bad(ErrorReason.BAD_PASSWORD, field, "A password has 8 to 128 characters.");
    }
  }

  void text(String field, String value) {
    if (value.isBlank()) {
      throw bad(ErrorReason.BAD_TEXT, field, "A message must not be blank.");
    }
    if (value.indexOf('\0') >= 0) {
      throw bad(ErrorReason.BAD_TEXT, field, "A message must not contain NUL characters.");
    }
    // Encoding is the costly part: a text of so few chars cannot be too long.
    if (value.length() > limits.textBytesMax() / 3
        && value.getBytes(StandardCharsets.UTF_8).length > limits.textBytesMax()) {
      throw bad(
          ErrorReason.BAD_TEXT,
          field,
          "A message has at most " + limits.textBytesMax() + " bytes of UTF-8.");
    }
  }

  static void requestId(String field, String value, boolean required) {
    if (value.isEmpty() && required) {
      throw bad(ErrorReason.BAD_REQUEST_ID, field, "A request_id is needed here.");
    }
    if (value.length() > REQUEST_ID_BYTES_MAX
        || value.getBytes(StandardCharsets.UTF_8).length > REQUEST_ID_BYTES_MAX) {
      throw bad(ErrorReason.BAD_REQUEST_ID, field, "A request_id has 1 to 64 bytes.");
    }
  }

  static void filter(String field, String value) {
    // Longer than any name needs, short enough that matching stays cheap.
    if (value.codePointCount(0, value.length()) > FILTER_CHARS_MAX) {
      throw bad(ErrorReason.BAD_FILTER, field, "A filter has at most 128 characters.");
    }
    if (value.indexOf('\0') >= 0) {
      throw bad(ErrorReason.BAD_FILTER, field, "A filter must not contain NUL characters.");
    }
  }

  static void messageId(String field, long value) {
    if (value < 0) {
      throw bad(ErrorReason.BAD_MESSAGE_ID, field, "A message id is not negative.");
    }
  }

  /** The page size to use: the default where the request says 0. */
  int pageSize(String field, int value) {
    if (value < 0 || value > limits.pageSizeMax()) {
      throw bad(
          ErrorReason.BAD_PAGE_SIZE,
          field,
          "A page has 1 to "
              + limits.pageSizeMax()
              + " entries; 0 stands for "
              + limits.pageSizeDefault()
              + ".");
    }
    return value == 0 ? limits.pageSizeDefault() : value;
  }

  private static RefusedException bad(ErrorReason reason, String field, String description) {
    return Refusal.badField(reason, field, description).asException();
  }
}
