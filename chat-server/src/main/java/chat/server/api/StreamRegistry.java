package chat.server.api;

import chat.server.chat.ChatQueries;
import chat.server.chat.Command;
import chat.server.chat.Outcome;
import chat.v1.Message;
import chat.v1.ReceiveMessagesResponse;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The open {@code ReceiveMessages} calls of this server, by account.
 *
 * <p>That a stream is open is part of the replicated state, so opening one is a command. The stream
 * enters the registry when that command is <em>applied</em>, on the apply thread: between that
 * index and every later one in the log there is no moment at which a message could be missed.
 *
 * <p>Thread-safe; nothing here blocks, except that streams read pages on threads of their own.
 */
final class StreamRegistry {
  /**
   * {@link #visitSome} visits this part of the streams: ten thousand that are visited at once hold
   * everything else up for a tenth of a second. Odd, since Linux gives the connections of a host
   * even ports only.
   */
  static final int PARTS = 11;

  /** Each stream has a look for what it may have missed once in so many visits. */
  private static final int VISITS_PER_LOOK = 4;

  private record Live(long accountId, String name, MessageStream stream) {}

  private final Proposals proposals;
  private final ChatQueries queries;
  private final SessionReads reads;
  private final AccountRates rates;
  private final Limits limits;
  private final Tokens tokens;
  private final Attachments attachments;

  /** Opened here, their command not applied yet; by stream id. */
  private final Map<Long, MessageStream> attaching = new ConcurrentHashMap<>();

  private final Map<Long, Live> byAccount = new ConcurrentHashMap<>();

  /** The same by name in lower case: what a sender knows a recipient by. */
  private final Map<String, Live> byName = new ConcurrentHashMap<>();

  /**
   * The streams that were ever in {@code byAccount} and are not over, those of a connection
   * together, for {@link #visitSome}, which also takes them out.
   */
  private final List<Set<MessageStream>> parts = new ArrayList<>();

  /** Ended because they read nothing; their clients have not taken the end yet. */
  private final Set<MessageStream> leaving = ConcurrentHashMap.newKeySet();

  private volatile boolean suspended;

  /** The clock's thread's. */
  private long visits;

  StreamRegistry(
      Proposals proposals,
      ChatQueries queries,
      SessionReads reads,
      AccountRates rates,
      Limits limits,
      Tokens tokens) {
    this.proposals = proposals;
    this.queries = queries;
    this.reads = reads;
    this.rates = rates;
    this.limits = limits;
    this.tokens = tokens;
    this.attachments = new Attachments(proposals, limits);
    for (int i = 0; i < PARTS; i++) {
      parts.add(ConcurrentHashMap.newKeySet());
    }
  }

  /**
   * Opens a stream after the later of {@code afterMessageId} and what is acknowledged. Its end,
   * whatever the cause, reaches the client as the status of the call.
   *
   * @throws BackendException.Overloaded if too many are open
   */
  void open(
      SessionKey session,
      long afterMessageId,
      ServerCallStreamObserver<ReceiveMessagesResponse> call) {
    if (byAccount.size() + attaching.size() >= limits.streamsMax()) {
      throw new BackendException.Overloaded();
    }
    MessageStream stream =
        new MessageStream(
            call,
            tokens.randomId(),
            session,
            afterMessageId,
            limits,
            proposals.threads(),
            () -> suspended,
            abort(),
            this::forget);
    call.setOnReadyHandler(stream::wake);
    call.setOnCancelHandler(stream::cancelled);
    stream.comesBy(Objects.hashCode(SessionInterceptor.current().address()));
    attaching.put(stream.streamId(), stream);
    var unused =
        reads
            .forWrite(session)
            .thenCompose(
                state -> {
                  rates.other(state.accountId());
                  stream.attaching();
                  return attachments.attach(session, stream.streamId());
                })
            .whenComplete((outcome, failure) -> attached(stream, outcome, failure));
  }

  private static Runnable abort() {
    CallGate.OpenCall open = CallGate.current();
    return open == null ? () -> {} : open::abort;
  }

  /** The answer to the command; a success was dealt with when it was applied. */
  private void attached(
      MessageStream stream, @Nullable Outcome outcome, @Nullable Throwable failure) {
    if (failure != null) {
      if (attaching.remove(stream.streamId(), stream)) {
        stream.end(ErrorMapping.status(failure, true));
      }
    } else if (outcome instanceof Outcome.Refused refused) {
      attaching.remove(stream.streamId(), stream);
      stream.end(ErrorMapping.status(OutcomeRefusals.refusal(refused)));
    }
  }

  /** What is applied, in log order, when queries see it. Called by the apply thread alone. */
  void onApplied(Command command, Outcome outcome) {
    if (outcome instanceof Outcome.MessageAccepted accepted) {
      Live live = byAccount.get(accepted.message().recipientId());
      if (live != null && !accepted.duplicate()) {
        live.stream().offer(Protos.message(accepted.message()));
      }
    } else if (outcome instanceof Outcome.StreamAttached attached) {
      activate(attached, command);
    } else if (outcome instanceof Outcome.LoggedIn login) {
      end(login.accountId(), OutcomeRefusals.sessionTakenOver());
    } else if (outcome instanceof Outcome.PasswordChanged changed) {
      end(changed.accountId(), OutcomeRefusals.sessionTakenOver());
    } else if (outcome instanceof Outcome.LoggedOut logout) {
      end(logout.accountId(), OutcomeRefusals.noSession());
    } else if (outcome instanceof Outcome.AccountDeleted deleted) {
      end(deleted.accountId(), OutcomeRefusals.noSession());
    }
  }

  private void activate(Outcome.StreamAttached attached, Command command) {
    MessageStream stream = attaching.get(attached.streamId());
    if (stream == null) {
      // Attached at another server; or here, and its client has gone meanwhile.
      orphaned(command);
      return;
    }
    long accountId = attached.accountId();
    Live live = new Live(accountId, attached.username().toLowerCase(Locale.ROOT), stream);
    stream.belongsTo(accountId);
    byName.put(live.name(), live);
    Live before = byAccount.put(accountId, live);
    if (before != null) {
      before.stream().end(ErrorMapping.status(OutcomeRefusals.sessionTakenOver()));
    }
    // In one of the maps at every moment: whoever ends all streams, or this one, finds it.
    if (!attaching.remove(stream.streamId(), stream)) {
      remove(live);
      orphaned(command);
      return;
    }
    parts.get(Math.floorMod(stream.connection(), PARTS)).add(stream);
    stream.start(
        (after, count) -> pageOf(accountId, after, count),
        Math.max(stream.afterMessageId(), attached.acknowledgedId()));
  }

  private void orphaned(Command command) {
    if (command instanceof Command.AttachStream attach) {
      attachments.orphaned(attach);
    }
  }

  private List<Message> pageOf(long accountId, long after, int count) {
    return queries.undelivered(accountId, after, count).stream().map(Protos::message).toList();
  }

  private void end(long accountId, Refusal refusal) {
    Live live = byAccount.get(accountId);
    if (live != null && remove(live)) {
      live.stream().end(ErrorMapping.status(refusal));
    }
  }

  private boolean remove(Live live) {
    boolean removed = byAccount.remove(live.accountId(), live);
    if (removed) {
      byName.remove(live.name(), live);
    }
    return removed;
  }

  /** A call has ended. If the state still counts it as open, it is detached. */
  private void forget(MessageStream stream) {
    if (attaching.remove(stream.streamId(), stream)) {
      if (stream.isAttaching()) {
        // Its command may be on its way: the detach is appended after it.
        attachments.detach(stream.session(), stream.streamId());
      }
      return;
    }
    Live live = byAccount.get(stream.accountId());
    if (live != null && live.stream() == stream && remove(live)) {
      attachments.detach(stream.session(), stream.streamId());
    }
  }

  /** Whether the account of a name has a stream open, here or, just now, at the last primary. */
  boolean isReceiving(String username) {
    return byName.containsKey(username.toLowerCase(Locale.ROOT))
        || (attachments.inGrace() && queries.isOnline(username));
  }

  void suspendAll() {
    suspended = true;
  }

  void resumeAll() {
    suspended = false;
    byAccount.values().forEach(live -> live.stream().wake());
  }

  void becamePrimary(long reign) {
    attachments.becamePrimary(reign);
    resumeAll();
  }

  void lostPrimary(StatusRuntimeException status) {
    attachments.lostPrimary();
    closeAll(status);
  }

  /**
   * Ends every stream. If this server has lost its role, the state goes on counting them as open,
   * for the next primary's grace.
   */
  private void closeAll(StatusRuntimeException status) {
    for (MessageStream stream : List.copyOf(attaching.values())) {
      if (attaching.remove(stream.streamId(), stream)) {
        stream.end(status);
      }
    }
    for (Live live : List.copyOf(byAccount.values())) {
      if (remove(live)) {
        live.stream().end(status);
        attachments.detach(live.stream().session(), live.stream().streamId());
      }
    }
  }

  /** What has to be tried again. Called several times a heartbeat interval. */
  void tick() {
    long now = System.nanoTime();
    leaving.removeIf(stream -> stream.isGone(now));
    attachments.tick(now);
  }

  /**
   * Visits the next part of the streams, by the same thread as {@link #tick} and {@link #PARTS}
   * times as often. Those of one connection are visited together, so that their heartbeats leave in
   * one write.
   */
  void visitSome() {
    long now = System.nanoTime();
    // Counted first: what fails in one part does not keep the others waiting.
    long visit = visits++;
    Set<MessageStream> part = parts.get((int) (visit % PARTS));
    part.removeIf(MessageStream::isOver);
    for (MessageStream stream : part) {
      visit(stream, visit / PARTS, now);
    }
  }

  /** How many streams are visited: the open ones, and for a moment those that have just ended. */
  int visited() {
    return parts.stream().mapToInt(Set::size).sum();
  }

  private void visit(MessageStream stream, long round, long now) {
    if (Math.floorMod(stream.accountId() + round, VISITS_PER_LOOK) == 0) {
      stream.look();
      // An open stream is use of its session.
      reads.used(stream.session());
    }
    stream.heartbeatIfIdle(now);
    if (stream.endIfStalled(now)) {
      leaving.add(stream);
    }
  }
}
