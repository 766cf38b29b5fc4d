package chat.client.cli;

import chat.client.ClusterStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The cluster in a few lines for people, none wider than 40 columns but the sentence. */
final class StatusText {
  private static final String RESET = "\u001b[0m";

  private final ClusterStatus status;
  private final boolean colours;

  StatusText(ClusterStatus status, boolean colours) {
    this.status = status;
    this.colours = colours;
  }

  /** The sentence that says it all, a table, and what follows from it. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    if (!status.summary().isBlank()) {
      lines.add(coloured(safetyColour(), Printable.escape(status.summary())));
    }
    lines.add("");
    int width =
        status.servers().stream()
            .mapToInt(s -> Printable.escape(s.address()).length())
            .max()
            .orElse(0);
    width = Math.max("CLIENTS".length(), width);
    lines.add(row("ID", "ROLE", "CLIENTS", width, "BEHIND"));
    long newest =
        status.servers().stream().mapToLong(ClusterStatus.Server::durableIndex).max().orElse(0);
    for (ClusterStatus.Server server : status.servers()) {
      String role = server.role().name().toLowerCase(Locale.ROOT);
      String behind = server.reachable() ? number(newest - server.durableIndex()) : "?";
      String line =
          row(
              Integer.toString(server.serverId()),
              role,
              Printable.escape(server.address()),
              width,
              behind);
      lines.add(coloured(roleColour(server.role()), line));
    }
    lines.add("");
    lines.add("View " + status.epoch() + ": " + servers(status.viewMemberIds()) + ".");
    lines.add(mayFail());
    if (!status.waitingForIds().isEmpty()) {
      lines.add(coloured("31", "Waiting for " + servers(status.waitingForIds()) + "."));
    }
    return lines;
  }

  private static String row(String id, String role, String address, int width, String behind) {
    String format = "%2s  %-11s  %-" + width + "s  %6s";
    return String.format(Locale.ROOT, format, id, role, address, behind).stripTrailing();
  }

  private static String number(long entries) {
    return String.format(Locale.ROOT, "%,d", entries);
  }

  private String mayFail() {
    if (status.primaryId() == 0) {
      return "Nobody serves now.";
    }
    return switch (status.survivableCrashes()) {
      case 0 -> "Not redundant: no server may crash.";
      case 1 -> "One more crash and service stops being redundant.";
      default -> "Any " + status.survivableCrashes() + " servers may crash.";
    };
  }

  private static String servers(List<Integer> ids) {
    if (ids.isEmpty()) {
      return "no servers";
    }
    String numbers = String.join(", ", ids.stream().map(String::valueOf).toList());
    return (ids.size() == 1 ? "server " : "servers ") + numbers;
  }

  private String safetyColour() {
    if (status.primaryId() == 0 || status.survivableCrashes() == 0) {
      return "31";
    }
    return status.survivableCrashes() == 1 ? "33" : "32";
  }

  private static String roleColour(ClusterStatus.Role role) {
    return switch (role) {
      case PRIMARY -> "1";
      case BACKUP -> "0";
      case LEARNER, RECOVERING -> "33";
      case UNREACHABLE, UNKNOWN -> "31";
    };
  }

  private String coloured(String code, String text) {
    return colours ? "\u001b[" + code + "m" + text + RESET : text;
  }
}
