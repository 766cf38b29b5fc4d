package chat.server;

import java.util.Locale;
import picocli.CommandLine;

/** What a server that falls silent is taken for. */
enum OnSilence {
  /** It may live: only a majority goes on without it. */
  WAIT,
  /** It is dead: for machines on which a partition cannot happen. */
  ASSUME_CRASHED;

  /** From and to the words of the command line. */
  static final class Converter implements CommandLine.ITypeConverter<OnSilence> {
    @Override
    public OnSilence convert(String value) {
      for (OnSilence each : values()) {
        if (each.toString().equals(value)) {
          return each;
        }
      }
      throw new CommandLine.TypeConversionException(
          "'" + value + "' is neither 'wait' nor 'assume-crashed'");
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
