package chat.client.chaos;

import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What came out of a run.
 *
 * @param lines all figures, to be read
 * @param wrong what must not be; nothing if the service kept its word
 */
record Verdict(List<String> lines, List<String> wrong) {
  private static final int WRONG_SHOWN_MAX = 20;

  Verdict {
    lines = List.copyOf(lines);
    wrong = List.copyOf(wrong);
  }

  boolean isGood() {
    return wrong.isEmpty();
  }

  static Verdict of(ChaosOptions options, Load load, Findings findings) {
    List<String> wrong = new ArrayList<>(findings.wrong());
    load.wrong().stream().filter(words -> !wrong.contains(words)).forEach(wrong::add);
    Map<String, Long> figures = load.figures();
    List<String> lines = new ArrayList<>();
    long acknowledged = figures.getOrDefault("acknowledged", load.acknowledged());
    lines.add("faults by kind, and the pause of all clients that each made");
    findings
        .pauses()
        .forEach(
            (label, pauses) ->
                lines.add(String.format(Locale.ROOT, "  %-40s %s", label, pauses.inWords())));
    lines.add(
        String.format(
            Locale.ROOT, "  %-40s %s", "(while victims came back)", findings.returns().inWords()));
    lines.add("");
    lines.add(figure("acknowledged", acknowledged));
    expect(lines, wrong, "lost", load.lost().size(), 0);
    load.lost().stream().limit(10).forEach(lost -> wrong.add("lost: " + lost));
    for (String name : List.of("doubled", "out of order", "never sent", "undelivered")) {
      expect(lines, wrong, name, figures.getOrDefault(name, -1L), 0);
    }
    for (String name : List.of("received", "stored")) {
      expect(
          lines, wrong, name, figures.getOrDefault(name, -1L), figures.getOrDefault("sent", -1L));
    }
    expect(lines, wrong, "most primaries", figures.getOrDefault("most primaries", -1L), 1);
    lines.add(figure("takeovers", figures.getOrDefault("takeovers", -1L)));
    lines.add(figure("longest wait, ms", figures.getOrDefault("longest wait", -1L)));
    lines.add(figure("delivered late (1 s)", load.late().size()));
    lines.add(figure("longest delivery, ms", figures.getOrDefault("longest delivery", -1L)));
    lines.add(
        String.format(
            Locale.ROOT,
            "  %-24s %12.1f",
            "load of this machine",
            ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()));
    ChaosOptions.Only only = options.only();
    if (only != null) {
      findings.pauses().values().stream()
          .findAny()
          .ifPresent(
              pauses ->
                  lines.add(
                      String.format(
                          Locale.ROOT,
                          "  aimed at: p99 under %,d ms: %s",
                          only.targetMillis(),
                          pauses.percentile(99) < only.targetMillis() ? "met" : "MISSED")));
    }
    return new Verdict(lines, wrong);
  }

  private static String figure(String name, long value) {
    return String.format(Locale.ROOT, "  %-24s %,12d", name, value);
  }

  private static void expect(
      List<String> lines, List<String> wrong, String name, long value, long expected) {
    lines.add(figure(name, value));
    if (value != expected) {
      wrong.add(name + " is " + value + " and should be " + expected);
    }
  }

  void print(PrintStream out) {
    lines.forEach(out::println);
    out.println();
    if (isGood()) {
      out.println("The service kept its word.");
    } else {
      out.println("THIS IS WRONG:");
      wrong.stream().limit(WRONG_SHOWN_MAX).forEach(words -> out.println("  " + words));
      out.println("  (" + wrong.size() + " in all)");
    }
  }
}
