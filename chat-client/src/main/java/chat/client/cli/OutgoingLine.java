package chat.client.cli;

/** A line of the input that is not settled, or was settled before those in front of it. */
final class OutgoingLine {
  final long number;
  final String text;
  final String requestId;

  /** Of this line's text and those of all lines before it. */
  final long checksum;

  /** It may have been accepted, and nobody has said. */
  boolean doubtful;

  boolean settled;

  OutgoingLine(long number, String text, String requestId, long checksum) {
    this.number = number;
    this.text = text;
    this.requestId = requestId;
    this.checksum = checksum;
  }
}
