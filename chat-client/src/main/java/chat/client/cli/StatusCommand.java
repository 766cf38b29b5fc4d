package chat.client.cli;

import chat.client.ClusterStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Shows the cluster. Needs no session and no primary. */
@Command(
    name = "status",
    description = "Show the servers, who is primary, and what may still fail.",
    mixinStandardHelpOptions = true)
final class StatusCommand implements Callable<Integer> {
  /** How the status is printed. */
  enum Output {
    TEXT,
    JSON,
    /** The primary's HOST:PORT and nothing else. */
    PRIMARY
  }

  private final Main main;

  StatusCommand(Main main) {
    this.main = main;
  }

  @Option(names = "--output", paramLabel = "text|json|primary")
  private Output output = Output.TEXT;

  @Override
  public Integer call() {
    ClusterStatus status = main.client().clusterStatus();
    switch (output) {
      case TEXT -> text(status).forEach(main.surroundings().out()::println);
      case JSON -> main.surroundings().out().println(Json.write(fields(status)));
      case PRIMARY -> {
        ClusterStatus.Server primary =
            status
                .primary()
                .orElseThrow(
                    () ->
                        new CommandFailure(
                            ExitCodes.UNAVAILABLE, "No primary is known now: " + status.summary()));
        main.surroundings().out().println(Printable.escape(primary.address()));
      }
    }
    return ExitCodes.OK;
  }

  /** A table, and the sentence that says what it means. */
  static List<String> text(ClusterStatus status) {
    long newest =
        status.servers().stream().mapToLong(ClusterStatus.Server::durableIndex).max().orElse(0);
    List<String> lines = new ArrayList<>();
    for (ClusterStatus.Server server : status.servers()) {
      String behind =
          !server.reachable() || server.durableIndex() == newest
              ? ""
              : "  " + (newest - server.durableIndex()) + " behind";
      lines.add(
          String.format(
                  Locale.ROOT,
                  "%d  %-21s  %-11s%s",
                  server.serverId(),
                  Printable.escape(server.address()),
                  server.role().name().toLowerCase(Locale.ROOT),
                  behind)
              .stripTrailing());
    }
    if (!status.summary().isBlank()) {
      lines.add(Printable.escape(status.summary()));
    }
    if (!status.waitingForIds().isEmpty()) {
      lines.add("Waiting for server " + join(status.waitingForIds()) + ".");
    }
    return lines;
  }

  private static String join(List<Integer> ids) {
    return String.join(", ", ids.stream().map(String::valueOf).toList());
  }

  private static Map<String, Object> fields(ClusterStatus status) {
    List<Map<String, Object>> servers =
        status.servers().stream()
            .map(
                server ->
                    Main.fields(
                        "server_id", server.serverId(),
                        "address", server.address(),
                        "role", server.role(),
                        "reachable", server.reachable(),
                        "durable_index", server.durableIndex(),
                        "applied_index", server.appliedIndex()))
            .toList();
    return Main.fields(
        "servers", servers,
        "primary_id", status.primaryId(),
        "epoch", status.epoch(),
        "view_member_ids", status.viewMemberIds(),
        "survivable_crashes", status.survivableCrashes(),
        "waiting_for_ids", status.waitingForIds(),
        "summary", status.summary());
  }
}
