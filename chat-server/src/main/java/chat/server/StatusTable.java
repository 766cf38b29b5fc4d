package chat.server;

import chat.admin.v1.GetServerStatusResponse;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** What operators read of the servers that answer. */
final class StatusTable {
  private final PrintWriter out;

  StatusTable(PrintWriter out) {
    this.out = out;
  }

  void print(List<AdminClient.Seen> servers) {
    line("SERVER", "ROLE", "VIEW", "LINEAGE", "LOG", "DATABASE", "DISK");
    for (AdminClient.Seen server : servers) {
      GetServerStatusResponse status = server.status();
      line(
          status.getServerId(),
          role(status),
          status.getViewMemberIdsList(),
          status.getLineage(),
          status.getDurableIndex(),
          status.getAppliedIndex(),
          status.getDiskId());
    }
    servers.forEach(
        server -> out.println("Server " + server.id() + ": " + server.status().getSummary()));
  }

  private static String role(GetServerStatusResponse status) {
    if (status.getServing()) {
      return "primary";
    }
    return status.getMember() ? "member" : "outside";
  }

  private void line(Object... columns) {
    out.println(
        String.format(Locale.ROOT, "%-7s %-9s %-12s %-8s %-14s %-14s %s", columns).stripTrailing());
  }
}
