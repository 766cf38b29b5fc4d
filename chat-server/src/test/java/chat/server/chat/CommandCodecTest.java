package chat.server.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CommandCodecTest {
  private static final int TYPES = 10;

  private final long seed = Long.getLong("codec.seed", System.nanoTime() & 0xffffff);
  private final Random dice = new Random(seed);

  @Test
  void everyTypeComesBackAsItWas() {
    Set<Class<?>> seen = new HashSet<>();
    for (int i = 0; i < 2_000; i++) {
      Command command = random(1 + i % TYPES);
      seen.add(command.getClass());
      Command back = CommandCodec.decode(CommandCodec.encode(command));
      assertThat(back).as("seed %d", seed).usingRecursiveComparison().isEqualTo(command);
    }
    assertThat(seen).containsExactlyInAnyOrder(Command.class.getPermittedSubclasses());
  }

  @Test
  void bytesOfACommandAreTheSameEveryTime() {
    for (int type = 1; type <= TYPES; type++) {
      Command command = random(type);
      byte[] bytes = CommandCodec.encode(command);
      assertThat(CommandCodec.encode(command)).isEqualTo(bytes);
      assertThat(CommandCodec.encode(CommandCodec.decode(bytes))).isEqualTo(bytes);
    }
  }

  @Test
  void anotherFormatIsRefusedWithAdvice() {
    byte[] bytes = CommandCodec.encode(new Command.ExpireStreams(5, 7));
    bytes[0] = 2;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CommandCodec.decode(bytes))
        .withMessageContaining("format 2")
        .withMessageContaining("newer version");
  }

  @Test
  void anUnknownTypeIsRefused() {
    for (int type : new int[] {-128, -1, 0, TYPES + 1, 127}) {
      byte[] bytes = CommandCodec.encode(new Command.ExpireStreams(5, 7));
      bytes[1] = (byte) type;
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CommandCodec.decode(bytes))
          .withMessageContaining("unknown type " + type);
    }
  }

  @Test
  void aCommandCutAnywhereIsRefused() {
    for (int type = 1; type <= TYPES; type++) {
      byte[] bytes = CommandCodec.encode(random(type));
      for (int length = 0; length < bytes.length; length++) {
        byte[] cut = Arrays.copyOf(bytes, length);
        assertThatIllegalArgumentException()
            .as("type %d cut at %d of %d, seed %d", type, length, bytes.length, seed)
            .isThrownBy(() -> CommandCodec.decode(cut));
      }
    }
  }

  @Test
  void bytesAfterACommandAreRefused() {
    for (int type = 1; type <= TYPES; type++) {
      byte[] bytes = CommandCodec.encode(random(type));
      byte[] longer = Arrays.copyOf(bytes, bytes.length + 1 + dice.nextInt(9));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CommandCodec.decode(longer))
          .withMessageContaining("after a command");
    }
  }

  @Test
  void randomBytesAreACommandOrRefusedButNothingElse() {
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes;
      if (i % 2 == 0) {
        bytes = new byte[dice.nextInt(120)];
        dice.nextBytes(bytes);
        if (bytes.length > 1) {
          bytes[0] = 1;
          bytes[1] = (byte) (1 + dice.nextInt(TYPES));
        }
      } else {
        bytes = CommandCodec.encode(random(1 + dice.nextInt(TYPES)));
        bytes[dice.nextInt(bytes.length)] = (byte) dice.nextInt();
      }
      assertThatCode(
              () -> {
                try {
                  CommandCodec.decode(bytes);
                } catch (IllegalArgumentException expected) {
                  assertThat(expected).hasMessageContaining("command");
                }
              })
          .as("seed %d, bytes %s", seed, Arrays.toString(bytes))
          .doesNotThrowAnyException();
    }
  }

  private Command random(int type) {
    long time = dice.nextLong();
    byte[] token = new byte[dice.nextInt(3) == 0 ? dice.nextInt(40) : 32];
    dice.nextBytes(token);
    return switch (type) {
      case 1 ->
          new Command.SendMessage(
              time, token, text(40), text(300), text(64), dice.nextBoolean(), dice.nextInt());
      case 2 -> new Command.Acknowledge(time, token, dice.nextLong());
      case 3 -> new Command.CreateAccount(time, text(32), text(120), text(64));
      case 4 -> new Command.DeleteAccount(time, token, dice.nextBoolean(), text(64));
      case 5 -> new Command.Login(time, dice.nextLong(), token, dice.nextBoolean());
      case 6 -> new Command.Logout(time, token);
      case 7 -> new Command.AttachStream(time, token, dice.nextLong(), dice.nextLong());
      case 8 -> new Command.DetachStream(time, token, dice.nextLong());
      case 9 -> new Command.ExpireStreams(time, dice.nextLong());
      case 10 -> new Command.TouchSession(time, token);
      default -> throw new IllegalArgumentException("no type " + type);
    };
  }

  /** Of all planes, without halves of a pair: the service lets no such text in. */
  private String text(int atMost) {
    StringBuilder text = new StringBuilder();
    for (int left = dice.nextInt(atMost + 1); left > 0; left--) {
      int point = dice.nextInt(3) == 0 ? dice.nextInt(0x110000) : dice.nextInt(0x80);
      if (point < 0xd800 || point > 0xdfff) {
        text.appendCodePoint(point);
      }
    }
    return text.toString();
  }
}
