package chat.client;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The channel that leads to the primary, whoever that is. While no primary is known it keeps gRPC
 * from sleeping: the back-off between connection attempts grows to minutes, and a server that comes
 * back and is promoted would be found that late. Thread-safe.
 */
final class PrimaryChannel {
  static final String SERVICE = "chat.v1.ChatService";
  private static final int LOOK_EVERY = 5;

  /** An attempt's deadline ends it long before. */
  private static final int MAX_ATTEMPTS = 1000;

  private final ManagedChannel channel;
  private final CallTimes times;
  private final ScheduledExecutorService timer;
  private final IntConsumer lookForServers;
  private final AtomicInteger timesFound = new AtomicInteger();
  private @Nullable ScheduledFuture<?> ticker;
  private int ticks;

  /**
   * @param lookForServers called once a second while no primary is known, with {@link #timesFound}
   */
  PrimaryChannel(
      ServerChannels channels, ScheduledExecutorService timer, IntConsumer lookForServers) {
    this.times = channels.times();
    this.timer = timer;
    this.lookForServers = lookForServers;
    this.channel =
        channels
            .newBuilder()
            .defaultServiceConfig(serviceConfig())
            .maxRetryAttempts(MAX_ATTEMPTS)
            .build();
    watch(channel.getState(true));
  }

  // Every number is a Double: gRPC takes the map for parsed JSON.
  private static Map<String, ?> serviceConfig() {
    Map<String, ?> retryPolicy =
        Map.of(
            "maxAttempts",
            (double) MAX_ATTEMPTS,
            "initialBackoff",
            "0.02s",
            "maxBackoff",
            "0.2s",
            "backoffMultiplier",
            1.5,
            "retryableStatusCodes",
            List.of("UNAVAILABLE"));
    Map<String, ?> unary =
        Map.of(
            "name",
            List.of(Map.of("service", SERVICE)),
            "waitForReady",
            true,
            "retryPolicy",
            retryPolicy);
    // Streams resume by our own rules: gRPC would repeat requests that have been answered since.
    Map<String, ?> streams =
        Map.of(
            "name",
            List.of(
                Map.of("service", SERVICE, "method", "SendMessages"),
                Map.of("service", SERVICE, "method", "ReceiveMessages")),
            "waitForReady",
            true);
    return Map.of(
        "loadBalancingConfig", List.of(Map.of(LatestServingPolicyProvider.POLICY, Map.of())),
        "healthCheckConfig", Map.of("serviceName", SERVICE),
        "methodConfig", List.of(unary, streams));
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Whether some server says that it is the primary. */
  boolean primaryKnown() {
    return channel.getState(false) == ConnectivityState.READY;
  }

  /** How often a primary was found when none was known. */
  int timesFound() {
    return timesFound.get();
  }

  /**
   * The primary has not answered in time. It may be frozen while another has been promoted whose
   * connection sleeps in its back-off.
   */
  void suspect() {
    channel.resetConnectBackoff();
  }

  private void watch(ConnectivityState state) {
    if (state == ConnectivityState.SHUTDOWN) {
      stopTicking();
      return;
    }
    if (state == ConnectivityState.READY) {
      timesFound.incrementAndGet();
    }
    if (state == ConnectivityState.READY || state == ConnectivityState.IDLE) {
      stopTicking();
    } else {
      startTicking();
    }
    channel.notifyWhenStateChanged(state, () -> watch(channel.getState(false)));
  }

  private synchronized void startTicking() {
    if (ticker == null && !timer.isShutdown()) {
      long millis = times.backoffReset().toMillis();
      // At once: while the old primary lived, nobody hurried the connections to its heirs.
      ticker = timer.scheduleWithFixedDelay(this::tick, 0, millis, TimeUnit.MILLISECONDS);
    }
  }

  private synchronized void stopTicking() {
    if (ticker != null) {
      ticker.cancel(false);
      ticker = null;
      ticks = 0;
    }
  }

  private void tick() {
    channel.resetConnectBackoff();
    if (++ticks % LOOK_EVERY == 0) {
      lookForServers.accept(timesFound());
    }
  }

  void close() {
    channel.shutdownNow();
    stopTicking();
  }
}
