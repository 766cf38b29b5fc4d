package chat.server.api;

import java.security.MessageDigest;
import java.util.Arrays;

/**
 * The SHA-256 of a session token: all that commands, queries and maps know of a session. Immutable.
 */
final class SessionKey {
  private final byte[] hash;

  private SessionKey(byte[] hash) {
    this.hash = hash;
  }

  static SessionKey ofToken(String token) {
    return new SessionKey(Tokens.hash(token));
  }

  static SessionKey ofHash(byte[] hash) {
    return new SessionKey(hash.clone());
  }

  /** A copy of the hash, 32 bytes. */
  byte[] hash() {
    return hash.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SessionKey key && MessageDigest.isEqual(hash, key.hash);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(hash);
  }
}
