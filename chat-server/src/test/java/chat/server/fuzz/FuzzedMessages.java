package chat.server.fuzz;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.UnknownFieldSet;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Messages of any type, derived from its descriptor: every field with values that are good, odd,
 * hostile or too large, then some with their bytes changed. Not thread-safe.
 */
public final class FuzzedMessages {
  private static final int DEPTH_MAX = 4;
  private static final long[] NUMBERS = {
    0,
    1,
    2,
    3,
    -1,
    127,
    128,
    255,
    256,
    1000,
    1001,
    -1000,
    1L << 31,
    (1L << 31) - 1,
    1L << 40,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE - 1
  };

  private final Random dice;
  private final Map<String, List<String>> texts = new HashMap<>();
  private final Map<String, List<Long>> numbers = new HashMap<>();

  public FuzzedMessages(Random dice) {
    this.dice = dice;
  }

  /** From now on this is often a field's value; it gets what it speaks of past the first check. */
  public void know(String field, String value) {
    List<String> known = texts.computeIfAbsent(field, f -> new ArrayList<>());
    if (known.size() < 100) {
      known.add(value);
    } else {
      known.set(dice.nextInt(known.size()), value);
    }
  }

  /** The same for a number. */
  public void know(String field, long value) {
    numbers.computeIfAbsent(field, f -> new ArrayList<>()).add(value);
  }

  /** The bytes of a message, or of what was one. */
  public byte[] bytes(Descriptor type) {
    byte[] bytes = message(type).toByteArray();
    return switch (dice.nextInt(12)) {
      case 0, 1 -> Fuzz.mutated(bytes, dice);
      case 2 -> badText(type, bytes);
      case 3 -> dice.nextInt(10) == 0 ? Fuzz.random(dice, dice.nextInt(300)) : bytes;
      default -> bytes;
    };
  }

  /** A well-formed message. */
  public DynamicMessage message(Descriptor type) {
    return message(type, 0);
  }

  private DynamicMessage message(Descriptor type, int depth) {
    DynamicMessage.Builder message = DynamicMessage.newBuilder(type);
    for (FieldDescriptor field : type.getFields()) {
      if (field.isRepeated()) {
        for (int left = count(); left > 0 && depth < DEPTH_MAX; left--) {
          message.addRepeatedField(field, value(field, depth));
        }
      } else if (dice.nextInt(12) != 0
          && (depth < DEPTH_MAX || field.getJavaType() != FieldDescriptor.JavaType.MESSAGE)) {
        message.setField(field, value(field, depth));
      }
    }
    if (dice.nextInt(20) == 0) {
      message.setUnknownFields(
          UnknownFieldSet.newBuilder()
              .addField(
                  1 + dice.nextInt(500),
                  UnknownFieldSet.Field.newBuilder()
                      .addVarint(dice.nextLong())
                      .addLengthDelimited(ByteString.copyFrom(Fuzz.random(dice, 30)))
                      .build())
              .build());
    }
    return message.build();
  }

  private int count() {
    return dice.nextInt(300) == 0 ? dice.nextInt(300) : dice.nextInt(4);
  }

  private Object value(FieldDescriptor field, int depth) {
    return switch (field.getJavaType()) {
      case STRING -> text(field.getName());
      case BYTE_STRING -> ByteString.copyFrom(Fuzz.random(dice, dice.nextInt(200)));
      case INT -> (int) number(field.getName());
      case LONG -> number(field.getName());
      case BOOLEAN -> dice.nextBoolean();
      case FLOAT -> dice.nextFloat();
      case DOUBLE -> dice.nextDouble();
      case ENUM -> field.getEnumType().findValueByNumberCreatingIfUnknown(dice.nextInt(10) - 2);
      case MESSAGE -> message(field.getMessageType(), depth + 1);
    };
  }

  private long number(String field) {
    List<Long> known = numbers.get(field);
    if (known != null && dice.nextInt(6) != 0) {
      return known.get(dice.nextInt(known.size()));
    }
    return dice.nextInt(4) == 0 ? dice.nextLong() : NUMBERS[dice.nextInt(NUMBERS.length)];
  }

  private String text(String field) {
    List<String> known = texts.get(field);
    if (known != null && dice.nextInt(6) != 0) {
      String value = known.get(dice.nextInt(known.size()));
      return dice.nextInt(20) == 0 ? tampered(value) : value;
    }
    return HostileTexts.any(dice);
  }

  /** The same but for one character. */
  private String tampered(String value) {
    if (value.isEmpty()) {
      return value;
    }
    int at = dice.nextInt(value.length());
    String other = dice.nextBoolean() ? "" : String.valueOf((char) (33 + dice.nextInt(94)));
    return value.substring(0, at) + other + value.substring(at + 1);
  }

  /** With one more field of text, whose bytes are none. */
  private byte[] badText(Descriptor type, byte[] bytes) {
    for (FieldDescriptor field : type.getFields()) {
      if (field.getJavaType() == FieldDescriptor.JavaType.STRING && dice.nextBoolean()) {
        byte[] bad = {
          (byte) (field.getNumber() << 3 | 2), 4, 'a', (byte) 0xc0, (byte) 0xaf, (byte) 0xed
        };
        ByteString all = ByteString.copyFrom(bytes).concat(ByteString.copyFrom(bad));
        return all.toByteArray();
      }
    }
    return ByteString.copyFrom(bytes)
        .concat(ByteString.copyFrom("\u00ff", StandardCharsets.ISO_8859_1))
        .toByteArray();
  }
}
