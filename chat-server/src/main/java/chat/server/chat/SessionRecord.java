package chat.server.chat;

import java.nio.charset.StandardCharsets;

/**
 * A session, open or ended. Immutable.
 *
 * @param token {@link #token(byte[])} of the SHA-256 of its token
 * @param streamId the stream attached, or 0
 * @param reign in which that stream was attached
 * @param requestId of the request that deleted the account, if {@link State#DELETED}, or that
 *     changed its password, if {@link State#TAKEN_OVER} by that; else empty
 * @param discarded how many messages that lost
 */
public record SessionRecord(
    String token,
    long accountId,
    State state,
    long expireTimeMicros,
    long touchedMicros,
    long streamId,
    long reign,
    String requestId,
    int discarded) {
  /** What became of it. */
  public enum State {
    OPEN(0),
    TAKEN_OVER(1),
    /** Its account was deleted with it. */
    DELETED(2);

    private final int code;

    State(int code) {
      this.code = code;
    }

    /** What it is stored as. */
    public int code() {
      return code;
    }

    /**
     * The state that is stored as a code.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static State of(int code) {
      for (State state : values()) {
        if (state.code == code) {
          return state;
        }
      }
      throw new IllegalArgumentException("a session of state " + code);
    }
  }

  /** Hash bytes as a map key: one character a byte. */
  public static String token(byte[] hash) {
    return new String(hash, StandardCharsets.ISO_8859_1);
  }

  static SessionRecord opened(String token, long accountId, long nowMicros, long expireMicros) {
    return new SessionRecord(token, accountId, State.OPEN, expireMicros, nowMicros, 0, 0, "", 0);
  }

  SessionRecord takenOver() {
    return new SessionRecord(
        token, accountId, State.TAKEN_OVER, expireTimeMicros, touchedMicros, 0, 0, "", 0);
  }

  SessionRecord passwordChanged(String request, long nowMicros) {
    return new SessionRecord(
        token, accountId, State.TAKEN_OVER, expireTimeMicros, nowMicros, 0, 0, request, 0);
  }

  /** Whether it was this request that ended it, and that is still remembered. */
  public boolean endedBy(String request, long nowMicros) {
    return state != State.OPEN
        && !request.isEmpty()
        && request.equals(requestId)
        && touchedMicros > nowMicros - RequestIds.REMEMBERED_MICROS;
  }

  SessionRecord deleted(String request, int lost, long nowMicros) {
    return new SessionRecord(
        token, accountId, State.DELETED, expireTimeMicros, nowMicros, 0, 0, request, lost);
  }

  SessionRecord withStream(long stream, long inReign) {
    return new SessionRecord(
        token, accountId, state, expireTimeMicros, touchedMicros, stream, inReign, "", 0);
  }

  SessionRecord touched(long nowMicros, long expireMicros) {
    return new SessionRecord(
        token, accountId, state, expireMicros, nowMicros, streamId, reign, "", 0);
  }
}
