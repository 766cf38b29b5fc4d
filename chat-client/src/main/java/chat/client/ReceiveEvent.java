package chat.client;

/** What a {@link MessageStream} tells, in order. */
public sealed interface ReceiveEvent {
  /** A message, each exactly once in the life of a stream. */
  record Arrived(ChatMessage message) implements ReceiveEvent {}

  /** All that waited has been told; what follows is live. Comes again after each resumption. */
  record CaughtUp() implements ReceiveEvent {}

  /**
   * The stream broke and resumes by itself; nothing is lost.
   *
   * @param reason one sentence
   */
  record Interrupted(String reason) implements ReceiveEvent {}

  /** The stream runs again, after the last message that was told. */
  record Resumed() implements ReceiveEvent {}
}
