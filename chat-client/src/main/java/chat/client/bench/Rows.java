package chat.client.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Prints rows of figures as they come: a JSON object a line, or a table whose columns are those of
 * the rows. Names and units are those of the JSON everywhere. Not thread-safe.
 */
final class Rows {
  private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

  private final PrintStream out;
  private final Progress progress;
  private final boolean json;
  private List<String> header = List.of();

  Rows(PrintStream out, Progress progress, boolean json) {
    this.out = out;
    this.progress = progress;
    this.json = json;
  }

  void print(Map<String, ?> row) {
    progress.clear();
    if (json) {
      out.println(JSON.toJson(row));
      return;
    }
    List<String> names = new ArrayList<>(row.keySet());
    if (!names.equals(header)) {
      header = names;
      out.println(String.join("  ", names));
    }
    out.println(
        names.stream()
            .map(name -> pad(words(row.get(name)), name.length()))
            .collect(Collectors.joining("  ")));
  }

  private static String words(@Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return map.entrySet().stream()
          .map(entry -> entry.getKey() + " " + words(entry.getValue()))
          .collect(Collectors.joining(" "));
    }
    if (value instanceof List<?> list) {
      return list.stream().map(Rows::words).collect(Collectors.joining("/"));
    }
    return String.valueOf(value);
  }

  private static String pad(String text, int width) {
    return String.format(Locale.ROOT, "%" + width + "s", text);
  }

  /** So many digits after the point, as a number. */
  static double rounded(double value, int digits) {
    double unit = Math.pow(10, digits);
    return Math.round(value * unit) / unit;
  }
}
