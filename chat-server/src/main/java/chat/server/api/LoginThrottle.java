package chat.server.api;

import chat.server.chat.Account;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes guessing passwords slow, without a way to lock somebody else out. Thread-safe; never
 * blocks.
 *
 * <p>Every check of a password is an {@link Attempt}, counted as a failure from its beginning, so
 * that a thousand at once are a thousand, and taken back if the password was right or nobody looked
 * at it. What counts for a wait:
 *
 * <ul>
 *   <li><em>Account and address together.</em> Some failures are free; each one more doubles the
 *       wait, from a second to a minute. A success clears it.
 *   <li><em>The address</em>, over all accounts: one password tried on many names. Many people may
 *       share an address, so ten times as many are free and one is forgiven every ten seconds; and
 *       whoever has logged in to an account from this address before does not wait for what others
 *       there do.
 *   <li><em>The account</em>, over all addresses: a guess spread over many. Were it a wait for
 *       everybody, it would be a weapon against the account's owner. So addresses that the owner
 *       has logged in from are exempt; and to the others turns are given in the order in which they
 *       first came, one turn an address: a thousand attackers are a thousand turns of ten seconds
 *       ahead of the owner who comes from a new place, never for ever. Sessions that are open are
 *       not touched by any of this.
 * </ul>
 *
 * <p>A wait is answered with {@code RATE_LIMITED} and the time, before the password is looked at;
 * what is refused so is not counted. Names that do not exist are counted like those that do: the
 * answer tells nothing.
 *
 * <p>A wait that only passwords still being checked may have brought about is nobody's yet: whoever
 * {@link #enter enters} then is told nothing until they are decided, so that a hundred people who
 * log in at once, none of them wrongly, all get in.
 *
 * <p><em>Why this is not replicated.</em> It is the primary's own memory, lost with its role. In
 * the log every wrong password would be a write to every disk: whoever has no account could make
 * the cluster write. What a failover costs is one more series of free failures for each address,
 * which an attacker cannot bring about and which is little beside the bound on all guesses
 * together, the {@link PasswordHasher}'s threads. The memory is bounded: of the addresses and names
 * that failed, the longest unused are forgotten first.
 */
final class LoginThrottle {
  /** Wrong passwords that it takes from all addresses together before turns are given. */
  static final int ACCOUNT_FREE = 100;

  private static final int ADDRESS_FACTOR = 10;
  private static final int REMEMBERED_MAX = 50_000;
  private static final int ENTERING_MAX = 1_000;
  private static final long WAIT_MIN_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final long WAIT_MAX_NANOS = TimeUnit.MINUTES.toNanos(1);
  private static final long TURN_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int DOUBLINGS_MAX = 6;

  /** One failure in a row is forgiven for each of these times without another. */
  private static final long PAIR_FORGIVE_NANOS = TimeUnit.MINUTES.toNanos(15);

  private static final long ADDRESS_FORGIVE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long ACCOUNT_FORGIVE_NANOS = TimeUnit.MINUTES.toNanos(1);

  /** No account has a longer name; what is longer needs no more memory. */
  private static final int NAME_CHARS_MAX = 64;

  private record Pair(String account, String source) {}

  /** A password that is being checked. Ends in exactly one of its methods; more are ignored. */
  final class Attempt {
    private final Pair pair;
    private final List<Charge> charges;
    private boolean over;

    private Attempt(Pair pair, List<Charge> charges) {
      this.pair = pair;
      this.charges = charges;
    }

    /** It was the wrong one, which is what was counted already. */
    void failed() {
      settle(false, false);
    }

    /** It was the right one. */
    void succeeded() {
      settle(true, true);
    }

    /** Nobody looked at it. */
    void undecided() {
      settle(true, false);
    }

    private void settle(boolean takeBack, boolean right) {
      List<Runnable> answers;
      synchronized (LoginThrottle.this) {
        if (!over) {
          over = true;
          charges.forEach(charge -> charge.settle(takeBack));
        }
        if (right) {
          pairs.remove(pair);
          known.put(pair, true);
        }
        answers = judgeEntering();
      }
      answers.forEach(Runnable::run);
    }
  }

  /** Somebody whose wait is not decided yet. */
  private record Entering(
      String username,
      String source,
      BooleanSupplier waiting,
      long sinceNanos,
      CompletableFuture<Attempt> answer) {}

  /** What an attempt counted for; a wait that others have brought about since is not taken back. */
  private record Charge(Failures of, long waitBefore, long waitAfter) {
    void settle(boolean takeBack) {
      of.undecided--;
      if (takeBack) {
        of.count = Math.max(0, of.count - 1);
        if (of.notBeforeNanos == waitAfter) {
          of.notBeforeNanos = waitBefore;
        }
      }
    }
  }

  /** Failures of something, with the time at which the next attempt may come. */
  private static final class Failures {
    int count;

    /** So many of them may be taken back yet. */
    int undecided;

    long changedNanos;
    long notBeforeNanos;

    /** When the next turn of an account may be; or the turn that a pair was given, 0 for none. */
    long turnNanos;

    Failures(long nowNanos) {
      changedNanos = nowNanos;
      notBeforeNanos = nowNanos;
    }

    void settle(long nowNanos, long forgiveNanos) {
      long forgiven = (nowNanos - changedNanos) / forgiveNanos;
      if (forgiven > 0) {
        count = (int) Math.max(0, count - forgiven);
        changedNanos += forgiven * forgiveNanos;
      }
    }

    Charge add(long nowNanos, int free) {
      long before = notBeforeNanos;
      if (count == 0) {
        changedNanos = nowNanos;
      }
      count++;
      undecided++;
      if (count > free) {
        int doublings = Math.min(DOUBLINGS_MAX, count - free - 1);
        notBeforeNanos = nowNanos + Math.min(WAIT_MAX_NANOS, WAIT_MIN_NANOS << doublings);
      }
      return new Charge(this, before, notBeforeNanos);
    }
  }

  private static final class Recent<K, V> extends LinkedHashMap<K, V> {
    private static final long serialVersionUID = 1L;

    Recent() {
      super(16, 0.75f, true);
    }

    @Override
    protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
      return size() > REMEMBERED_MAX;
    }
  }

  private final int free;

  // Guarded by this.
  private final Map<Pair, Failures> pairs = new Recent<>();
  private final Map<String, Failures> addresses = new Recent<>();
  private final Map<String, Failures> accounts = new Recent<>();

  private final Queue<Entering> entering = new ArrayDeque<>();

  /** Accounts with addresses from which their owners have logged in. */
  private final Map<Pair, Boolean> known = new Recent<>();

  /**
   * @param free failures for one account from one address that cost no wait; 0: none ever does
   */
  LoginThrottle(int free) {
    this.free = free;
  }

  /**
   * Begins to check a password, as soon as it is known whether it may be.
   *
   * @param username what the caller says it is, whether there is such an account or not
   * @param source where the caller is, see {@link Caller#source}
   * @param waiting whether anybody still wants to know
   * @return fails with {@link RefusedException}, {@code RATE_LIMITED}, with the time to wait; may
   *     complete on the thread that ends another attempt
   */
  CompletableFuture<Attempt> enter(
      String username, String source, BooleanSupplier waiting, long nowNanos) {
    Entering one = new Entering(username, source, waiting, nowNanos, new CompletableFuture<>());
    Runnable answer;
    synchronized (this) {
      answer = judge(one, entering.size() < ENTERING_MAX);
      if (answer == null) {
        entering.add(one);
      }
    }
    if (answer != null) {
      answer.run();
    }
    return one.answer();
  }

  /** What to tell those about whom something is known now, in the order in which they came. */
  private List<Runnable> judgeEntering() {
    List<Runnable> answers = new ArrayList<>();
    Iterator<Entering> all = entering.iterator();
    while (all.hasNext()) {
      Runnable answer = judge(all.next(), true);
      if (answer != null) {
        all.remove();
        answers.add(answer);
      }
    }
    return answers;
  }

  /** Null as long as it is not decided. */
  private @Nullable Runnable judge(Entering one, boolean mayWait) {
    if (!one.waiting().getAsBoolean()) {
      return () -> one.answer().completeExceptionally(OutcomeRefusals.givenUp());
    }
    if (mayWait && isUndecided(one)) {
      return null;
    }
    try {
      Attempt attempt = begin(one.username(), one.source(), one.sinceNanos());
      return () -> one.answer().complete(attempt);
    } catch (RefusedException e) {
      return () -> one.answer().completeExceptionally(e);
    }
  }

  private boolean isUndecided(Entering one) {
    Pair pair = pair(one.username(), one.source());
    return isUndecided(pairs.get(pair), one.sinceNanos())
        || (!known.containsKey(pair)
            && isUndecided(addresses.get(pair.source()), one.sinceNanos()));
  }

  private static boolean isUndecided(@Nullable Failures failures, long nowNanos) {
    return failures != null && failures.undecided > 0 && failures.notBeforeNanos - nowNanos > 0;
  }

  /**
   * Begins to check a password now or not at all.
   *
   * @param username what the caller says it is, whether there is such an account or not
   * @param source where the caller is, see {@link Caller#source}
   * @throws RefusedException {@code RATE_LIMITED}, with the time to wait
   */
  synchronized Attempt begin(String username, String source, long nowNanos) {
    Pair pair = pair(username, source);
    if (free == 0) {
      return new Attempt(pair, List.of());
    }
    long wait = wait(pair, nowNanos);
    if (wait > 0) {
      throw OutcomeRefusals.rateLimited("Too many wrong passwords", wait);
    }
    List<Charge> charges = new ArrayList<>();
    charges.add(entry(pairs, pair, nowNanos).add(nowNanos, free));
    if (!known.containsKey(pair)) {
      charges.add(entry(addresses, source, nowNanos).add(nowNanos, free * ADDRESS_FACTOR));
      charges.add(entry(accounts, pair.account(), nowNanos).add(nowNanos, Integer.MAX_VALUE));
    }
    return new Attempt(pair, charges);
  }

  private static Pair pair(String username, String source) {
    boolean longer = username.length() > NAME_CHARS_MAX;
    String name = longer ? username.substring(0, NAME_CHARS_MAX) : username;
    return new Pair(Account.key(name), source);
  }

  private long wait(Pair pair, long nowNanos) {
    Failures both = entry(pairs, pair, nowNanos);
    both.settle(nowNanos, PAIR_FORGIVE_NANOS);
    long wait = both.notBeforeNanos - nowNanos;
    if (known.containsKey(pair)) {
      return wait;
    }
    Failures address = entry(addresses, pair.source(), nowNanos);
    address.settle(nowNanos, ADDRESS_FORGIVE_NANOS);
    wait = Math.max(wait, address.notBeforeNanos - nowNanos);
    Failures account = entry(accounts, pair.account(), nowNanos);
    account.settle(nowNanos, ACCOUNT_FORGIVE_NANOS);
    if (wait <= 0 && account.count >= ACCOUNT_FREE) {
      wait = turn(account, both, nowNanos);
    }
    return wait;
  }

  private static long turn(Failures account, Failures both, long nowNanos) {
    if (both.turnNanos == 0) {
      long next = account.turnNanos - nowNanos > 0 ? account.turnNanos : nowNanos;
      both.turnNanos = next + TURN_NANOS;
      account.turnNanos = both.turnNanos;
    }
    long wait = both.turnNanos - nowNanos;
    if (wait <= 0) {
      both.turnNanos = 0;
    }
    return wait;
  }

  private static <K> Failures entry(Map<K, Failures> of, K key, long nowNanos) {
    return of.computeIfAbsent(key, unused -> new Failures(nowNanos));
  }
}
