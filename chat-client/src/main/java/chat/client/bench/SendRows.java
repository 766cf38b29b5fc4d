package chat.client.bench;

import io.grpc.ManagedChannel;
import java.util.List;
import java.util.Map;

/** The rows of the modes that send as fast as a number in flight allows. */
final class SendRows {
  private final Bench bench;
  private final String mode;
  private final BenchOptions options;

  /** Opens what messages are sent by. */
  interface How {
    Sending open(List<ManagedChannel> channels, String token, int inFlight);
  }

  SendRows(Bench bench, String mode, BenchOptions options) {
    this.bench = bench;
    this.mode = mode;
    this.options = options;
  }

  void print(List<Integer> inFlight, How how) throws InterruptedException {
    BenchCluster cluster = bench.cluster();
    bench.heat(options);
    Rows rows = bench.rows(options);
    List<Account> accounts = cluster.accounts(options.accounts());
    List<ManagedChannel> channels = cluster.channels(options.channels());
    Load load = new Load(accounts, cluster::usage, options, bench.progress());
    boolean first = true;
    for (int count : inFlight) {
      Inboxes inboxes = new Inboxes(channels.get(0), accounts, options.acknowledgeEvery());
      try (Sending sending = how.open(channels, accounts.get(0).token(), count)) {
        Map<String, Object> row = load.run(mode, count, sending, inboxes, options.warmUp(first));
        row.put(
            "inbox_acknowledgements_per_second",
            Rows.rounded(inboxes.calls() / load.secondsWithWarmUp(), 0));
        rows.print(row);
        inboxes.check();
      }
      first = false;
    }
  }
}
