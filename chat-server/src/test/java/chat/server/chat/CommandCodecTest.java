package chat.server.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CommandCodecTest {
  private static final int TYPES = 11;

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
    assertThat(seen).containsExactlyInAnyOrderElementsOf(kinds(Command.class));
  }

  private static List<Class<?>> kinds(Class<?> type) {
    return type.isSealed()
        ? Arrays.stream(type.getPermittedSubclasses()).flatMap(t -> kinds(t).stream()).toList()
        : List.of(type);
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

  /** Written by the first version: these bytes are on disks, and must be read for ever. */
  @Test
  void aLogOfFormatOneIsStillReadAndWritten() {
    byte[] token = {7};
    Map<String, Command> written = new LinkedHashMap<>();
    written.put(
        "010100000000000000050000000107000000036269620000000268690000000172010000000a",
        new Command.SendMessage(5, token, "bib", "hi", "r", true, 10));
    written.put(
        "010200000000000000050000000107000000000000002a", new Command.Acknowledge(5, token, 42));
    written.put(
        "0103000000000000000500000003616e6e00000002246800000000",
        new Command.CreateAccount(5, "ann", "$h", ""));
    written.put(
        "01040000000000000005000000010701000000017a",
        new Command.DeleteAccount(5, token, true, "z"));
    written.put(
        "010500000000000000050000000000000009000000010701", new Command.Login(5, 9, token, true));
    written.put("010600000000000000050000000107", new Command.Logout(5, token));
    written.put(
        "01070000000000000005000000010700000000000000030000000000000002",
        new Command.AttachStream(5, token, 3, 2));
    written.put(
        "0108000000000000000500000001070000000000000003", new Command.DetachStream(5, token, 3));
    written.put("010900000000000000050000000000000007", new Command.ExpireStreams(5, 7));
    written.put("010a00000000000000050000000107", new Command.TouchSession(5, token));
    assertThat(written).hasSize(TYPES - 1);
    written.forEach(
        (hex, command) -> {
          byte[] bytes = HexFormat.of().parseHex(hex);
          assertThat(CommandCodec.decode(bytes)).usingRecursiveComparison().isEqualTo(command);
          assertThat(HexFormat.of().formatHex(CommandCodec.encode(command))).isEqualTo(hex);
        });
  }

  @Test
  void aTypeIsRefusedInAFormatThatDoesNotKnowIt() {
    byte[] bytes =
        CommandCodec.encode(
            new Command.ChangePassword(5, new byte[32], "a", "b", new byte[32], ""));
    assertThat(bytes[0]).as("an older server says: start a newer version").isEqualTo((byte) 2);
    bytes[0] = 1;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CommandCodec.decode(bytes))
        .withMessageContaining("unknown type 11 in format 1");
  }

  @Test
  void anotherFormatIsRefusedWithAdvice() {
    byte[] bytes = CommandCodec.encode(new Command.ExpireStreams(5, 7));
    bytes[0] = 3;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CommandCodec.decode(bytes))
        .withMessageContaining("format 3")
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
          bytes[0] = (byte) (1 + dice.nextInt(2));
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
      case 11 ->
          new Command.ChangePassword(time, token, text(120), text(120), token.clone(), text(64));
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
