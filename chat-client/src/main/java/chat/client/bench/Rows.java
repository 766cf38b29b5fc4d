package chat.client.bench;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Prints rows of figures as they come: a JSON object a line, or a table whose columns are those of
 * the rows, under shorter names. Not thread-safe.
 */
final class Rows {
  private static final int COLUMN_WIDTH_MIN = 7;

  /** Short names, so that a row fits into a wide terminal. */
  private static final Map<String, String> LABELS =
      Map.ofEntries(
          Map.entry("acknowledged_per_second", "acked/s"),
          Map.entry("p50_ms", "p50 ms"),
          Map.entry("p99_ms", "p99 ms"),
          Map.entry("p999_ms", "p99.9 ms"),
          Map.entry("max_ms", "max ms"),
          Map.entry("longest_gap_ms", "gap ms"),
          Map.entry("server_cpu_cores", "servers' cores"),
          Map.entry("server_cpu_micros_per_message", "us/msg"),
          Map.entry("server_rss_mib_max", "RSS MiB"),
          Map.entry("written_bytes_per_payload_byte", "written/payload"),
          Map.entry("client_cpu_cores", "client's cores"),
          Map.entry("inbox_acknowledgements_per_second", "inbox acks/s"),
          Map.entry("disk_bytes_per_payload_byte", "disk/payload"),
          Map.entry("disk_mib_max", "disk MiB"));

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
      out.println(line(names, Rows::label));
    }
    out.println(line(names, name -> words(row.get(name))));
  }

  private static String line(List<String> names, Function<String, String> cell) {
    return names.stream()
        .map(name -> pad(cell.apply(name), Math.max(COLUMN_WIDTH_MIN, label(name).length())))
        .collect(Collectors.joining("  "));
  }

  private static String label(String name) {
    return LABELS.getOrDefault(name, name.replace('_', ' '));
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

  /**
   * So many digits after the point, as a number; 0 for what is none. A run in which nothing was
   * accepted has the columns of all others, and JSON has no word for infinity.
   */
  static double rounded(double value, int digits) {
    if (!Double.isFinite(value)) {
      return 0;
    }
    double unit = Math.pow(10, digits);
    return Math.round(value * unit) / unit;
  }
}
