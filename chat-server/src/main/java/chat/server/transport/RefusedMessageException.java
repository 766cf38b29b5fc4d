package chat.server.transport;

import io.grpc.Status;

/**
 * What a peer sent is refused at the edge and never reaches the core. The text says in words what
 * is wrong with it.
 */
final class RefusedMessageException extends Exception {
  private static final long serialVersionUID = 1L;

  private final Status.Code code;

  private RefusedMessageException(Status.Code code, String text) {
    // Without a stack trace: whoever floods this port with garbage must not cost us more than it.
    super(text, null, false, false);
    this.code = code;
  }

  /** It cannot be read as a message of this protocol, whoever sent it. */
  static RefusedMessageException malformed(String text) {
    return new RefusedMessageException(Status.Code.INVALID_ARGUMENT, text);
  }

  /** It can be read, but not from this sender, by this server or in this version. */
  static RefusedMessageException unwelcome(String text) {
    return new RefusedMessageException(Status.Code.FAILED_PRECONDITION, text);
  }

  Status status() {
    return Status.fromCode(code).withDescription(getMessage());
  }
}
