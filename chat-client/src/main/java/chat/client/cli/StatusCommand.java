package chat.client.cli;

import chat.client.ClusterStatus;
import java.util.List;
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

  @Option(names = "--watch", description = "Look again every second, until Ctrl-C.")
  private boolean watch;

  @Override
  public Integer call() throws InterruptedException {
    if (watch && output != Output.PRIMARY) {
      return new StatusWatch(main, output == Output.JSON).run();
    }
    ClusterStatus status = main.client().clusterStatus();
    Printer printer = main.printer(output == Output.JSON);
    switch (output) {
      case TEXT ->
          printer.print(
              String.join(
                  System.lineSeparator(),
                  new StatusText(status, main.surroundings().colours()).lines()),
              Map.of());
      case JSON -> printer.print("", fields(status));
      case PRIMARY -> {
        ClusterStatus.Server primary =
            status
                .primary()
                .orElseThrow(
                    () ->
                        new CommandFailure(
                            ExitCodes.UNAVAILABLE, "No primary is known now: " + status.summary()));
        printer.print(Printable.escape(primary.address()), Map.of());
      }
    }
    return ExitCodes.OK;
  }

  static Map<String, Object> fields(ClusterStatus status) {
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
