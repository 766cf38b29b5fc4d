package chat.server;

import chat.server.replication.Change;
import chat.server.replication.ServerId;
import chat.server.replication.Status;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the primary's role to a backup before this server stops (R17), so that clients wait for two
 * short rounds instead of an election. Thread-safe.
 */
final class PlannedHandOver {
  private static final Logger logger = LoggerFactory.getLogger(PlannedHandOver.class);
  private static final long PATIENCE_MILLIS = 2000;

  private final ServerId self;
  private volatile @Nullable Status status;
  private final CompletableFuture<ServerId> successor = new CompletableFuture<>();
  private final CompletableFuture<ServerId> gone = new CompletableFuture<>();
  private volatile @Nullable ServerId asked;

  PlannedHandOver(ServerId self) {
    this.self = self;
  }

  /** Called by whoever drives the replica. */
  void changed(Status news) {
    status = news;
    look(news);
  }

  private void look(Status news) {
    ServerId heir = asked;
    ServerId primary = news.primary();
    if (heir != null && primary != null && !primary.equals(self)) {
      successor.complete(primary);
    } else if (heir != null && !isThere(news, heir)) {
      // The whole cluster is being stopped, and that server was faster.
      gone.complete(heir);
    }
  }

  /**
   * Hands over if this server is primary and somebody can take over; returns when another one acts,
   * or when it is clear that none will.
   *
   * @param changes makes a change, as {@link chat.server.runtime.ReplicaLoop#change} does
   */
  void run(Function<Change, CompletableFuture<Void>> changes) {
    Status now = status;
    ServerId heir = now == null || !now.serving() ? null : heir(now, self);
    if (heir == null) {
      return;
    }
    asked = heir;
    // Whatever has changed before that was known.
    look(Objects.requireNonNull(status));
    CompletableFuture<ServerId> handedOver =
        changes.apply(new Change.HandOver(heir)).thenCompose(made -> successor);
    try {
      CompletableFuture.anyOf(handedOver, gone).get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
      if (handedOver.isDone()) {
        logger.info("server {} is primary from now on", handedOver.get());
      } else {
        logger.info("server {} is gone and cannot take over: leaving all the same", heir);
      }
    } catch (ExecutionException e) {
      if (successor.isDone()) {
        // It was no longer this server's to hand over.
        return;
      }
      logger.warn("not handed over to server {}: {}", heir, String.valueOf(e.getCause()));
    } catch (TimeoutException e) {
      logger.warn("handing over to server {} takes too long: leaving all the same", heir);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The highest backup: all of them have everything. */
  static @Nullable ServerId heir(Status now, ServerId self) {
    ServerId heir = null;
    for (ServerId member : now.view().members().keySet()) {
      if (!member.equals(self) && isThere(now, member)) {
        heir = member;
      }
    }
    return heir;
  }

  private static boolean isThere(Status now, ServerId member) {
    Status.Server server = now.servers().get(member);
    return server != null && server.reachable() && now.view().has(member);
  }
}
