package chat.server.chat;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Commands as bytes of the log: a format version (the first that knows the type), a type, the
 * stamp, then the fields in order; strings and arrays with their length before them. Thread-safe.
 */
public final class CommandCodec {
  /**
   * A type that is new raises the version, and is written with it; the others go on being written
   * with theirs. So a server of any age reads all that was written before it, and one that is older
   * than a type says "start a newer version" when it meets it.
   */
  private static final byte VERSION = 2;

  private static final int CHANGE_PASSWORD = 11;

  private CommandCodec() {}

  /** The bytes of a command. */
  public static byte[] encode(Command command) {
    if (command instanceof Command.SendMessage c) {
      byte[] recipient = utf8(c.recipient());
      byte[] text = utf8(c.text());
      byte[] request = utf8(c.requestId());
      ByteBuffer to =
          start(1, c, 21 + c.tokenHash().length + recipient.length + text.length + request.length);
      return put(put(put(put(to, c.tokenHash()), recipient), text), request)
          .put((byte) (c.live() ? 1 : 0))
          .putInt(c.inboxLimit())
          .array();
    } else if (command instanceof Command.Acknowledge c) {
      return put(start(2, c, 12 + c.tokenHash().length), c.tokenHash())
          .putLong(c.messageId())
          .array();
    } else if (command instanceof Command.CreateAccount c) {
      byte[] name = utf8(c.username());
      byte[] hash = utf8(c.passwordHash());
      byte[] request = utf8(c.requestId());
      ByteBuffer to = start(3, c, 12 + name.length + hash.length + request.length);
      return put(put(put(to, name), hash), request).array();
    } else if (command instanceof Command.DeleteAccount c) {
      byte[] request = utf8(c.requestId());
      ByteBuffer to = start(4, c, 9 + c.tokenHash().length + request.length);
      put(to, c.tokenHash()).put((byte) (c.discardUndelivered() ? 1 : 0));
      return put(to, request).array();
    } else if (command instanceof Command.Login c) {
      ByteBuffer to = start(5, c, 13 + c.tokenHash().length).putLong(c.accountId());
      return put(to, c.tokenHash()).put((byte) (c.takeOver() ? 1 : 0)).array();
    }
    return command instanceof Command.ChangePassword c ? encodeChange(c) : encodeStreams(command);
  }

  private static byte[] encodeChange(Command.ChangePassword c) {
    byte[] before = utf8(c.oldPasswordHash());
    byte[] after = utf8(c.newPasswordHash());
    byte[] request = utf8(c.requestId());
    int length =
        20
            + c.tokenHash().length
            + before.length
            + after.length
            + c.newTokenHash().length
            + request.length;
    ByteBuffer to = put(start(CHANGE_PASSWORD, c, length), c.tokenHash());
    return put(put(put(put(to, before), after), c.newTokenHash()), request).array();
  }

  private static byte[] encodeStreams(Command command) {
    if (command instanceof Command.Logout c) {
      return put(start(6, c, 4 + c.tokenHash().length), c.tokenHash()).array();
    } else if (command instanceof Command.AttachStream c) {
      return put(start(7, c, 20 + c.tokenHash().length), c.tokenHash())
          .putLong(c.streamId())
          .putLong(c.reign())
          .array();
    } else if (command instanceof Command.DetachStream c) {
      return put(start(8, c, 12 + c.tokenHash().length), c.tokenHash())
          .putLong(c.streamId())
          .array();
    } else if (command instanceof Command.ExpireStreams c) {
      return start(9, c, 8).putLong(c.reign()).array();
    } else if (command instanceof Command.TouchSession c) {
      return put(start(10, c, 4 + c.tokenHash().length), c.tokenHash()).array();
    }
    throw new IllegalStateException("no code for " + command.getClass());
  }

  /**
   * The command of some bytes.
   *
   * @throws IllegalArgumentException if they are not a whole command of a known version
   */
  public static Command decode(byte[] bytes) {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    try {
      byte version = from.get();
      if (version < 1 || version > VERSION) {
        throw new IllegalArgumentException(
            "a command of format "
                + version
                + "; this server knows formats up to "
                + VERSION
                + ": start a newer version");
      }
      byte type = from.get();
      if (version != version(type)) {
        throw new IllegalArgumentException(
            "a command of unknown type " + type + " in format " + version);
      }
      Command command = decode(type, from.getLong(), from);
      if (from.hasRemaining()) {
        throw new IllegalArgumentException(from.remaining() + " bytes after a command");
      }
      return command;
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("a command cut short at " + bytes.length + " bytes", e);
    }
  }

  private static Command decode(int type, long time, ByteBuffer from) {
    return switch (type) {
      case 1 ->
          new Command.SendMessage(
              time, bytes(from), text(from), text(from), text(from), flag(from), from.getInt());
      case 2 -> new Command.Acknowledge(time, bytes(from), from.getLong());
      case 3 -> new Command.CreateAccount(time, text(from), text(from), text(from));
      case 4 -> new Command.DeleteAccount(time, bytes(from), flag(from), text(from));
      case 5 -> new Command.Login(time, from.getLong(), bytes(from), flag(from));
      case 6 -> new Command.Logout(time, bytes(from));
      case 7 -> new Command.AttachStream(time, bytes(from), from.getLong(), from.getLong());
      case 8 -> new Command.DetachStream(time, bytes(from), from.getLong());
      case 9 -> new Command.ExpireStreams(time, from.getLong());
      case 10 -> new Command.TouchSession(time, bytes(from));
      case CHANGE_PASSWORD ->
          new Command.ChangePassword(
              time, bytes(from), text(from), text(from), bytes(from), text(from));
      default -> throw new IllegalArgumentException("a command of unknown type " + type);
    };
  }

  private static ByteBuffer start(int type, Command command, int length) {
    return ByteBuffer.allocate(10 + length)
        .put(version(type))
        .put((byte) type)
        .putLong(command.timeMicros());
  }

  /** The first format that knows a type. */
  private static byte version(int type) {
    return (byte) (type == CHANGE_PASSWORD ? 2 : 1);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ByteBuffer put(ByteBuffer to, byte[] bytes) {
    return to.putInt(bytes.length).put(bytes);
  }

  private static byte[] bytes(ByteBuffer from) {
    int length = from.getInt();
    if (length < 0 || length > from.remaining()) {
      throw new IllegalArgumentException("a length of " + length + " in a command");
    }
    byte[] bytes = new byte[length];
    from.get(bytes);
    return bytes;
  }

  private static String text(ByteBuffer from) {
    return new String(bytes(from), StandardCharsets.UTF_8);
  }

  private static boolean flag(ByteBuffer from) {
    return from.get() != 0;
  }
}
