package chat.client.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What callers of run/bench rely on. The figures themselves are nobody's business here. */
class BenchTest {
  private static final List<String> SHORT =
      List.of(
          "--seconds",
          "1",
          "--warm-up",
          "0",
          "--heating",
          "1",
          "--accounts",
          "20",
          "--output",
          "json");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(List<String> arguments) {
    return Bench.run(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        arguments.toArray(String[]::new));
  }

  private List<String> lines() {
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private static List<String> mode(String... words) {
    return Stream.concat(Arrays.stream(words), SHORT.stream()).toList();
  }

  @Test
  void everyModeMeasuresRealServersAndPrintsOneJsonObjectARow() {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(mode("send", "--in-flight", "1,8"));
    arguments.addAll(mode("stream", "--in-flight", "16"));
    arguments.addAll(mode("fanout", "--in-flight", "8"));
    arguments.addAll(mode("streams", "--receivers", "5", "--rate", "50"));
    arguments.addAll(mode("failover", "--rounds", "1", "--frozen-rounds", "1", "--rest", "0"));

    int code = run(arguments);

    assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
    // Modes share the servers, and what is hot already is not heated again.
    assertThat(err.toString(StandardCharsets.UTF_8)).containsOnlyOnce("heating: 64 in flight");
    List<JsonObject> rows =
        lines().stream().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
    assertThat(rows)
        .extracting(row -> row.get("mode").getAsString())
        .containsExactly("send", "send", "stream", "fanout", "streams", "failover");
    assertThat(rows.subList(0, 4))
        .extracting(row -> row.get("in_flight").getAsInt())
        .containsExactly(1, 8, 16, 8);
    assertThat(rows.subList(0, 4)).allSatisfy(BenchTest::isWellMeasured);
    assertThat(rows.get(3).get("received").getAsLong()).isPositive();
    assertThat(rows.get(4).get("received").getAsLong()).isEqualTo(50);
    JsonObject failover = rows.get(5);
    assertThat(failover.get("rounds").getAsInt()).isEqualTo(1);
    for (String pauses : List.of("pause_ms", "frozen_pause_ms")) {
      JsonObject pause = failover.getAsJsonObject(pauses);
      assertThat(pause.keySet()).containsExactly("median", "p99", "max");
      assertThat(pause.get("median").getAsDouble()).isPositive();
    }
  }

  private static void isWellMeasured(JsonObject row) {
    assertThat(row.get("acknowledged_per_second").getAsDouble()).isPositive();
    double p50 = row.get("p50_ms").getAsDouble();
    assertThat(p50).isPositive();
    assertThat(row.get("p99_ms").getAsDouble()).isGreaterThanOrEqualTo(p50);
    assertThat(row.get("failed").getAsLong()).isZero();
    assertThat(row.get("server_cpu_cores").getAsDouble()).isPositive();
    assertThat(row.get("server_rss_mib_max").getAsDouble()).isPositive();
  }

  @Test
  void echoNeedsNoClusterAndPrintsATable() {
    List<String> once =
        List.of("echo", "--in-flight", "1,8", "--seconds", "1", "--warm-up", "0", "--heating", "0");
    int code = run(Stream.concat(once.stream(), once.stream()).toList());

    assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
    assertThat(lines()).hasSize(6);
    assertThat(lines().get(3)).isEqualTo(lines().get(0));
    assertThat(lines().get(0)).contains("mode", "in flight", "acked/s", "p50 ms", "p99.9 ms");
    assertThat(lines().get(1)).contains("echo");
    assertThat(lines().get(2)).contains("echo");
  }

  @Test
  void aWrongWordEndsTheRunBeforeAnythingStarts() {
    assertThat(run(List.of("send", "--in-flight", "many"))).isNotZero();
    assertThat(lines()).isEmpty();
  }
}
