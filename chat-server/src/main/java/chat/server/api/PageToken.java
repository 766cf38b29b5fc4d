package chat.server.api;

import chat.common.ErrorReason;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * Page tokens that need no memory on a server, so that the next page may come from another one.
 *
 * <p>A token is: a version byte, eight bytes of SHA-256 over everything that the listing was asked
 * for and the position, then the position. The digest is no secret: a forged token names a position
 * within what its bearer may read anyhow. It is there so that a token of another listing, or one
 * that was cut in transport, is refused and not misread.
 */
final class PageToken {
  private static final byte VERSION = 1;
  private static final int DIGEST_BYTES = 8;
  private static final int HEAD_BYTES = 1 + DIGEST_BYTES;

  private PageToken() {}

  /**
   * Encodes a position.
   *
   * @param listing what is listed, with every parameter that the pages have in common
   */
  static String encode(String position, String... listing) {
    byte[] bytes = position.getBytes(StandardCharsets.UTF_8);
    ByteBuffer token = ByteBuffer.allocate(HEAD_BYTES + bytes.length);
    token.put(VERSION).put(digest(bytes, listing)).put(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(token.array());
  }

  /**
   * The position of a token; empty for the empty token, which asks for the first page.
   *
   * @throws RefusedException {@code BAD_PAGE_TOKEN} if it is not a token of this listing
   */
  static Optional<String> decode(String token, String... listing) {
    if (token.isEmpty()) {
      return Optional.empty();
    }
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(token);
    } catch (IllegalArgumentException e) {
      throw bad();
    }
    // Base64 has several spellings of the same bytes: only ours is a token.
    boolean ours = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes).equals(token);
    if (!ours || bytes.length <= HEAD_BYTES || bytes[0] != VERSION) {
      throw bad();
    }
    byte[] position = Arrays.copyOfRange(bytes, HEAD_BYTES, bytes.length);
    if (!Arrays.equals(digest(position, listing), 0, DIGEST_BYTES, bytes, 1, 1 + DIGEST_BYTES)) {
      throw bad();
    }
    return Optional.of(new String(position, StandardCharsets.UTF_8));
  }

  static RefusedException bad() {
    return Refusal.badField(
            ErrorReason.BAD_PAGE_TOKEN,
            "page_token",
            "This is no next_page_token of the same listing; start again without a token.")
        .asException();
  }

  private static byte[] digest(byte[] position, String... listing) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (String part : listing) {
      byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
      // The length first: ("ab", "c") is another listing than ("a", "bc").
      content.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
      content.writeBytes(bytes);
    }
    content.writeBytes(position);
    return Arrays.copyOf(Tokens.sha256(content.toByteArray()), DIGEST_BYTES);
  }
}
