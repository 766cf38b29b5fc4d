package chat.server;

import chat.admin.v1.ForceLineageRequest;
import chat.admin.v1.ForceLineageResponse;
import chat.admin.v1.GetServerStatusResponse;
import chat.server.AdminClient.Seen;
import java.io.PrintWriter;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/** What begins a new lineage, from the operator's side. One thread's. */
final class LineageCommands {
  private static final long SERVING_SECONDS_MAX = 120;

  private final AdminClient client;
  private final PrintWriter out;
  private final Confirmation confirmation;

  LineageCommands(AdminClient client, PrintWriter out, Confirmation confirmation) {
    this.client = client;
    this.out = out;
    this.confirmation = confirmation;
  }

  /**
   * Has a server go on with what its disk holds, and waits until it serves.
   *
   * @param at its number; 0 for the one with the newest log among those that answer
   */
  void force(int at, boolean yes) throws InterruptedException {
    List<Seen> all = client.servers();
    Seen chosen = at != 0 ? client.server(at) : newest(all);
    GetServerStatusResponse status = chosen.status();
    if (status.getPrimaryId() != 0) {
      throw new CommandFailure(
          CommandFailure.FAILED,
          "Server "
              + status.getPrimaryId()
              + " is primary: there is nothing to force, and nothing was done.");
    }
    confirmation.require(yes, explanation(all, chosen));
    ForceLineageResponse begun =
        client.call(
            chosen,
            stub ->
                stub.forceLineage(
                    ForceLineageRequest.newBuilder()
                        .setExpectedLineage(status.getLineage())
                        .build()));
    awaitServing(chosen, begun.getLineage());
    out.println(begun.getMessage());
  }

  /** Waits until a server serves in a lineage that it has begun. */
  void awaitServing(Seen server, long lineage) throws InterruptedException {
    var unused =
        client.await(
            server,
            SERVING_SECONDS_MAX,
            status -> status.getLineage() == lineage && status.getServing(),
            "Server "
                + server.id()
                + " does not serve in lineage "
                + lineage
                + " after "
                + SERVING_SECONDS_MAX
                + " s: its log says why.");
  }

  private static Seen newest(List<Seen> all) {
    return all.stream()
        .max(Comparator.comparing(Seen::status, byLog(all)).thenComparingInt(Seen::id))
        .orElseThrow();
  }

  /**
   * The newest log last: the epoch of its last entry counts before its length, as R12 has it. A
   * server that was left out may have more entries than the others, none of which was acknowledged.
   * Where a server of an earlier version does not say that epoch, that of the newest view that each
   * knows takes its place for all.
   */
  private static Comparator<GetServerStatusResponse> byLog(List<Seen> all) {
    boolean allSay =
        all.stream()
            .map(Seen::status)
            .noneMatch(status -> status.getDurableIndex() > 0 && status.getDurableEpoch() == 0);
    ToLongFunction<GetServerStatusResponse> epoch =
        allSay ? GetServerStatusResponse::getDurableEpoch : GetServerStatusResponse::getEpoch;
    return Comparator.comparingLong(GetServerStatusResponse::getLineage)
        .thenComparingLong(epoch)
        .thenComparingLong(GetServerStatusResponse::getDurableIndex);
  }

  private static String explanation(List<Seen> all, Seen chosen) {
    StringBuilder text = new StringBuilder();
    text.append("Server ").append(chosen.id()).append(": ");
    text.append(chosen.status().getSummary()).append('\n');
    text.append("It will go on alone with what its disk holds, up to entry ");
    text.append(chosen.status().getDurableIndex()).append(", in a new lineage.\n");
    text.append("Messages that were accepted and are not on its disk are lost for good.\n");
    Comparator<GetServerStatusResponse> byLog = byLog(all);
    List<Seen> newer =
        all.stream().filter(other -> byLog.compare(other.status(), chosen.status()) > 0).toList();
    if (!newer.isEmpty()) {
      text.append("LOOK OUT: newer entries are on the disk of server ");
      text.append(
          newer.stream().map(s -> Integer.toString(s.id())).collect(Collectors.joining(", ")));
      text.append(": force there instead, with --at.\n");
    }
    text.append("Other disks that come back are set aside whole, not merged.\n");
    text.append("If the missing servers can be started with their disks, start them instead.");
    return text.toString();
  }
}
