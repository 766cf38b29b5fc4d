package chat.server.chat;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.storage.H2ChatState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every rule of chat, applied from entries of a log to the database. */
class ChatStateMachineTest {
  private static final long HOUR = 3_600_000_000L;
  private static final long DAY = 24 * HOUR;
  private static final int LIMIT = 10_000;

  @TempDir Path directory;

  private final CommandLog log = new CommandLog();
  private H2ChatState state;
  // Ten in the morning of some day.
  private long now = 20_000 * DAY + 10 * HOUR;
  private int tokens;

  @BeforeEach
  void open() throws Exception {
    state = H2ChatState.open(directory);
  }

  @AfterEach
  void close() {
    state.close();
  }

  // Accounts

  @Test
  void anAccountHasTheIndexOfItsCreationAsId() {
    log.addNothing();
    assertThat(CommandLog.apply(state, log.slice(1, 1))).containsExactly(new Outcome.Nothing());
    assertThat(create("Ann", "")).isEqualTo(new Outcome.AccountCreated(2));
    assertThat(state.queries().credentials("ann"))
        .contains(new ChatQueries.Credentials(2, "Ann", "hash of Ann"));
  }

  @Test
  void aNameIsTakenWithoutRegardToCase() {
    create("Ann", "");
    assertThat(create("aNN", "")).isEqualTo(new Outcome.UsernameTaken());
    assertThat(create("ann", "other")).isEqualTo(new Outcome.UsernameTaken());
  }

  @Test
  void theSameRequestIdFindsTheAccountItMade() {
    create("Ann", "r1");
    assertThat(create("Ann", "r1")).isEqualTo(new Outcome.AccountCreatedBefore("hash of Ann"));
    assertThat(create("Ann", "r2")).isEqualTo(new Outcome.UsernameTaken());
    now += DAY;
    assertThat(create("Ann", "r1")).isEqualTo(new Outcome.AccountCreatedBefore("hash of Ann"));
    now += 2 * HOUR;
    assertThat(create("Ann", "r1")).isEqualTo(new Outcome.UsernameTaken());
  }

  @Test
  void anAccountIsNotMadeByARequestIdThatIsTooOld() {
    String old = uuidV7(now, 1);
    now += DAY + 1;
    assertThat(create("Ann", old)).isEqualTo(new Outcome.RequestIdTooOld());
    assertThat(create("Ann", uuidV7(now, 1))).isInstanceOf(Outcome.AccountCreated.class);
  }

  @Test
  void aLateRepeatOfACreationDoesNotBringADeletedAccountBack() {
    create("Ann", "r1");
    int ann = login("Ann");
    delete(ann, false, "d1");
    assertThat(create("ann", "r1")).isEqualTo(new Outcome.RequestIdReused());
    assertThat(state.queries().credentials("Ann")).isEmpty();
    assertThat(create("Ann", "r2")).isInstanceOf(Outcome.AccountCreated.class);
  }

  @Test
  void aNewPasswordReplacesTheSessionAndIsThereAfterARestart() throws Exception {
    create("Ann", "");
    int old = login("Ann");
    int fresh = tokens++;
    assertThat(attach(old, 5, 1)).isInstanceOf(Outcome.StreamAttached.class);
    assertThat(changePassword(old, "hash of Ann", "new hash", fresh, "c1"))
        .isEqualTo(new Outcome.PasswordChanged(1, now + 30 * DAY));
    reopen();
    assertThat(state.queries().credentials("ann"))
        .contains(new ChatQueries.Credentials(1, "Ann", "new hash"));
    assertThat(status(old)).isEqualTo(ChatQueries.SessionStatus.TAKEN_OVER);
    assertThat(status(fresh)).isEqualTo(ChatQueries.SessionStatus.VALID);
    assertThat(session(fresh).streamId()).as("the stream was the old session's").isZero();
    assertThat(send(old, "Ann", "hi", "")).isEqualTo(new Outcome.SessionTakenOver());
  }

  @Test
  void aChangeOfPasswordIsKnownByItsRequestIdForADay() throws Exception {
    create("Ann", "");
    int old = login("Ann");
    int fresh = tokens++;
    changePassword(old, "hash of Ann", "new hash", fresh, "c1");
    reopen();
    assertThat(changePassword(old, "hash of Ann", "third hash", 90, "c1"))
        .isEqualTo(new Outcome.PasswordChangedBefore());
    assertThat(state.queries().endedBy(CommandLog.token(old), "c1", now))
        .contains(new ChatQueries.Credentials(1, "Ann", "new hash"));
    assertThat(state.queries().endedBy(CommandLog.token(old), "c2", now)).isEmpty();
    assertThat(state.queries().endedBy(CommandLog.token(old), "", now)).isEmpty();
    assertThat(changePassword(old, "new hash", "third hash", 90, "c2"))
        .isEqualTo(new Outcome.SessionTakenOver());
    now += 2 * DAY;
    assertThat(changePassword(old, "new hash", "third hash", 90, "c1"))
        .isEqualTo(new Outcome.SessionTakenOver());
    assertThat(status(fresh)).isEqualTo(ChatQueries.SessionStatus.VALID);
  }

  @Test
  void ofTwoChangesThatCheckedTheSamePasswordOneIsRefused() {
    create("Ann", "");
    int old = login("Ann");
    int fresh = tokens++;
    changePassword(old, "hash of Ann", "new hash", fresh, "");
    assertThat(changePassword(fresh, "hash of Ann", "third hash", 90, ""))
        .isEqualTo(new Outcome.BadCredentials());
    assertThat(status(fresh)).isEqualTo(ChatQueries.SessionStatus.VALID);
  }

  // Sessions

  @Test
  void aLoginOpensASessionForThirtyDays() {
    create("Ann", "");
    int token = tokens++;
    assertThat(login("Ann", token, false))
        .isEqualTo(new Outcome.LoggedIn(1, "Ann", now + 30 * DAY, 0));
    ChatQueries.Session session = session(token);
    assertThat(session.status()).isEqualTo(ChatQueries.SessionStatus.VALID);
    assertThat(session.username()).isEqualTo("Ann");
    assertThat(session.expireTimeMicros()).isEqualTo(now + 30 * DAY);
    assertThat(status(99)).isEqualTo(ChatQueries.SessionStatus.NONE);
  }

  @Test
  void aLoginToAnAccountThatWentAwayIsRefused() {
    create("Ann", "");
    int ann = login("Ann");
    delete(ann, false, "");
    assertThat(apply(new Command.Login(now, 1, CommandLog.token(50), false)))
        .isEqualTo(new Outcome.BadCredentials());
    assertThat(apply(new Command.Login(now, 77, CommandLog.token(50), false)))
        .isEqualTo(new Outcome.BadCredentials());
  }

  @Test
  void aSessionThatIsNotAttachedIsReplacedWithoutAWord() {
    create("Ann", "");
    create("Bob", "");
    int old = login("Ann");
    int young = login("Ann");
    assertThat(status(old)).isEqualTo(ChatQueries.SessionStatus.TAKEN_OVER);
    assertThat(send(old, "Bob", "x", "")).isEqualTo(new Outcome.SessionTakenOver());
    assertThat(send(young, "Bob", "x", "")).isInstanceOf(Outcome.MessageAccepted.class);
  }

  @Test
  void anAttachedSessionIsReplacedByATakeOverOnly() {
    create("Ann", "");
    int old = login("Ann");
    attach(old, 5, 1);
    assertThat(login("Ann", 40, false)).isEqualTo(new Outcome.AlreadyLoggedIn());
    assertThat(status(old)).isEqualTo(ChatQueries.SessionStatus.VALID);
    assertThat(login("Ann", 40, true)).isInstanceOf(Outcome.LoggedIn.class);
    assertThat(status(old)).isEqualTo(ChatQueries.SessionStatus.TAKEN_OVER);
    assertThat(attach(old, 6, 1)).isEqualTo(new Outcome.SessionTakenOver());
    assertThat(state.queries().isOnline("Ann")).isFalse();
  }

  @Test
  void sessionsThatWereTakenOverAreToldFromUnknownOnes() throws Exception {
    create("Ann", "");
    List<Integer> old = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      now += HOUR;
      old.add(login("Ann"));
      if (i == 6) {
        reopen();
      }
    }
    int newest = old.remove(11);
    assertThat(status(newest)).isEqualTo(ChatQueries.SessionStatus.VALID);
    assertThat(old).extracting(this::status).containsOnly(ChatQueries.SessionStatus.TAKEN_OVER);
    // Of the state are the last eight alone: what all servers must agree on.
    assertThat(send(old.get(2), "Ann", "x", "")).isEqualTo(new Outcome.NoSession());
    assertThat(send(old.get(3), "Ann", "x", "")).isEqualTo(new Outcome.SessionTakenOver());
    reopen();
    assertThat(status(old.get(2))).isEqualTo(ChatQueries.SessionStatus.NONE);
    assertThat(status(old.get(3))).isEqualTo(ChatQueries.SessionStatus.TAKEN_OVER);
    delete(newest, true, "");
    assertThat(status(old.get(3))).isEqualTo(ChatQueries.SessionStatus.NONE);
  }

  @Test
  void aSessionExpiresAfterThirtyDaysOfLoggedTimeWithoutUse() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    attach(ann, 5, 1);
    now += 30 * DAY - 1;
    assertThat(status(ann)).isEqualTo(ChatQueries.SessionStatus.VALID);
    now += 1;
    assertThat(status(ann)).isEqualTo(ChatQueries.SessionStatus.EXPIRED);
    assertThat(send(ann, "Bob", "x", "")).isEqualTo(new Outcome.SessionExpired());
    assertThat(acknowledge(ann, 1)).isEqualTo(new Outcome.SessionExpired());
    assertThat(attach(ann, 6, 1)).isEqualTo(new Outcome.SessionExpired());
    assertThat(apply(new Command.TouchSession(now, CommandLog.token(ann))))
        .isEqualTo(new Outcome.SessionExpired());
    assertThat(delete(ann, true, "")).isEqualTo(new Outcome.SessionExpired());
    // Though it was attached, it is no reason to lock its user out.
    assertThat(login("Ann", 40, false)).isInstanceOf(Outcome.LoggedIn.class);
  }

  @Test
  void aSessionThatIsUsedLivesOn() {
    create("Ann", "");
    int ann = login("Ann");
    attach(ann, 5, 1);
    now += 29 * DAY;
    assertThat(apply(new Command.TouchSession(now, CommandLog.token(ann))))
        .isEqualTo(new Outcome.SessionTouched(now + 30 * DAY));
    now += 29 * DAY;
    assertThat(status(ann)).isEqualTo(ChatQueries.SessionStatus.VALID);
    assertThat(session(ann).streamId()).isEqualTo(5);
  }

  @Test
  void aLogoutEndsTheSession() {
    create("Ann", "");
    int ann = login("Ann");
    assertThat(apply(new Command.Logout(now, CommandLog.token(ann))))
        .isEqualTo(new Outcome.LoggedOut(1));
    assertThat(status(ann)).isEqualTo(ChatQueries.SessionStatus.NONE);
    assertThat(apply(new Command.Logout(now, CommandLog.token(ann))))
        .isEqualTo(new Outcome.NoSession());
    assertThat(apply(new Command.TouchSession(now, CommandLog.token(ann))))
        .isEqualTo(new Outcome.NoSession());
  }

  // Messages

  @Test
  void aMessageHasTheIndexOfItsEntryAsIdAndTheLoggedTime() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    Outcome outcome = send(ann, "bOB", "hello", "");
    StoredMessage message = new StoredMessage(4, 1, "Ann", 2, "Bob", "hello", now);
    assertThat(outcome).isEqualTo(new Outcome.MessageAccepted(message, false, false));
    assertThat(state.queries().undelivered(2, 0, 10)).containsExactly(message);
    assertThat(state.queries().undeliveredCount(2)).isEqualTo(1);
  }

  @Test
  void anUnknownRecipientIsRefused() {
    create("Ann", "");
    int ann = login("Ann");
    assertThat(send(ann, "Nobody", "x", "r1")).isEqualTo(new Outcome.NoSuchAccount());
    create("Nobody", "");
    // What was refused is not remembered.
    assertThat(accepted(send(ann, "Nobody", "x", "r1")).duplicate()).isFalse();
  }

  @Test
  void aFullInboxRefusesAndTakesAgainAfterAnAcknowledgement() throws Exception {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    int bob = login("Bob");
    long first = accepted(sendLimited(ann, "Bob", "r1", 2)).message().messageId();
    sendLimited(ann, "Bob", "r2", 2);
    assertThat(sendLimited(ann, "Bob", "r3", 2)).isEqualTo(new Outcome.InboxFull());
    // A repeat of what was accepted is no new message.
    assertThat(accepted(sendLimited(ann, "Bob", "r1", 2)).duplicate()).isTrue();
    reopen();
    assertThat(sendLimited(ann, "Bob", "r3", 2)).isEqualTo(new Outcome.InboxFull());
    acknowledge(bob, first);
    assertThat(accepted(sendLimited(ann, "Bob", "r3", 2)).duplicate()).isFalse();
    assertThat(sendLimited(ann, "Bob", "r4", 2)).isEqualTo(new Outcome.InboxFull());
  }

  @Test
  void aRepeatedRequestIdGetsTheFirstAnswerAgain() throws Exception {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    Outcome.MessageAccepted first =
        accepted(
            apply(
                new Command.SendMessage(
                    now, CommandLog.token(ann), "Bob", "x", "r1", true, LIMIT)));
    now += HOUR;
    Outcome again = new Outcome.MessageAccepted(first.message(), true, true);
    assertThat(send(ann, "Bob", "x", "r1")).isEqualTo(again);
    assertThat(send(ann, "bob", "x", "r1")).isEqualTo(again);
    reopen();
    int young = login("Ann");
    assertThat(send(young, "Bob", "x", "r1")).isEqualTo(again);
    assertThat(state.queries().undeliveredCount(2)).isEqualTo(1);
  }

  @Test
  void aRequestIdIsFoundWithinTheBatchThatBroughtIt() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    Command send =
        new Command.SendMessage(now, CommandLog.token(ann), "Bob", "x", "r1", false, LIMIT);
    log.add(send);
    log.add(send);
    List<Outcome> outcomes = CommandLog.apply(state, log.slice(4, 5));
    assertThat(accepted(outcomes.get(0)).duplicate()).isFalse();
    assertThat(accepted(outcomes.get(1)).duplicate()).isTrue();
    assertThat(accepted(outcomes.get(1)).message().messageId()).isEqualTo(4);
  }

  @Test
  void aRequestIdWithOtherContentIsRefused() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    send(ann, "Bob", "x", "r1");
    assertThat(send(ann, "Bob", "y", "r1")).isEqualTo(new Outcome.RequestIdReused());
    assertThat(send(ann, "Ann", "x", "r1")).isEqualTo(new Outcome.RequestIdReused());
    assertThat(send(ann, "Nobody", "x", "r1")).isEqualTo(new Outcome.RequestIdReused());
    assertThat(state.queries().undeliveredCount(2)).isEqualTo(1);
  }

  @Test
  void requestIdsBelongToTheAccount() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    int bob = login("Bob");
    send(ann, "Bob", "x", "r1");
    assertThat(accepted(send(bob, "Bob", "x", "r1")).duplicate()).isFalse();
  }

  @Test
  void aRepeatIsKnownAfterItsRecipientWentAway() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    send(ann, "Bob", "x", "r1");
    delete(login("Bob"), true, "");
    assertThat(accepted(send(ann, "Bob", "x", "r1")).duplicate()).isTrue();
    create("bob", "");
    assertThat(accepted(send(ann, "bob", "x", "r1")).duplicate()).isTrue();
    assertThat(state.queries().credentials("bob")).isPresent();
    assertThat(accepted(send(ann, "bob", "x", "r2")).message().recipient()).isEqualTo("bob");
  }

  @Test
  void aUuidFromBeforeWhatIsRememberedIsRefused() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    String id = uuidV7(now, 1);
    String unsent = uuidV7(now, 2);
    String capital = uuidV7(now, 0xabc).toUpperCase(Locale.ROOT);
    long first = accepted(send(ann, "Bob", "x", id)).message().messageId();
    now += DAY;
    assertThat(accepted(send(ann, "Bob", "x", id)).message().messageId()).isEqualTo(first);
    now += 2 * HOUR;
    assertThat(send(ann, "Bob", "x", id)).isEqualTo(new Outcome.RequestIdTooOld());
    assertThat(send(ann, "Bob", "x", unsent)).isEqualTo(new Outcome.RequestIdTooOld());
    assertThat(send(ann, "Bob", "x", capital)).isEqualTo(new Outcome.RequestIdTooOld());
    assertThat(delete(ann, true, unsent)).isEqualTo(new Outcome.RequestIdTooOld());
    assertThat(accepted(send(ann, "Bob", "x", uuidV7(now, 3))).duplicate()).isFalse();
    // Not a UUIDv7, so it tells nothing.
    String version4 = uuidV7(now - 3 * DAY, 1).replace("-7", "-4");
    assertThat(accepted(send(ann, "Bob", "x", version4)).duplicate()).isFalse();
  }

  @Test
  void thereIsNoMomentInWhichAUuidIsNeitherRememberedNorTooOld() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    for (long clockAhead : new long[] {0, 1000, HOUR / 2, HOUR - 1000}) {
      String id = uuidV7(now + clockAhead, 1);
      long sent = now;
      long first = accepted(send(ann, "Bob", "x", id)).message().messageId();
      for (long later = DAY - 1; later <= DAY + 2 * HOUR; later += HOUR / 4) {
        for (long off = -1; off <= 1; off++) {
          now = Math.max(now, sent + later + off);
          Outcome outcome = send(ann, "Bob", "x", id);
          if (!outcome.equals(new Outcome.RequestIdTooOld())) {
            assertThat(accepted(outcome).message().messageId()).isEqualTo(first);
          }
        }
      }
    }
    assertThat(state.queries().undeliveredCount(2)).isEqualTo(4);
  }

  @Test
  void requestIdsAreRememberedAcrossDaysAndForgottenAfterwards() throws Exception {
    create("Ann", "");
    create("Bob", "");
    // Sent at every hour of two days, repeated just before 24 hours are over, from the database.
    List<Long> firsts = new ArrayList<>();
    List<Long> times = new ArrayList<>();
    long start = now;
    int repeats = 0;
    for (int hour = 0; hour < 72; hour++) {
      now = start + hour * HOUR;
      int ann = login("Ann");
      int known = hour - 24;
      if (known >= 0 && known < firsts.size()) {
        Outcome.MessageAccepted again = accepted(send(ann, "Bob", "x", "id " + known));
        assertThat(again.duplicate()).as("hour %d", hour).isTrue();
        assertThat(again.message().messageId()).isEqualTo(firsts.get(known));
        assertThat(again.message().sentTimeMicros()).isEqualTo(times.get(known));
        repeats++;
      }
      if (hour < 48) {
        firsts.add(accepted(send(ann, "Bob", "x", "id " + hour)).message().messageId());
        times.add(now);
      }
      if (hour % 5 == 0) {
        reopen();
      }
    }
    assertThat(repeats).isEqualTo(48);
    int ann = login("Ann");
    now += 2 * HOUR;
    assertThat(accepted(send(ann, "Bob", "x", "id 47")).duplicate()).isFalse();
    assertThat(accepted(send(ann, "Bob", "x", "id 47")).duplicate()).isTrue();
    now += 5 * DAY;
    assertThat(accepted(send(ann, "Bob", "x", "id 47")).duplicate()).isFalse();
  }

  @Test
  void anIdUsedAgainDaysLaterInTheSameBatchIsANewMessage() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    long first = log.size() + 1;
    for (int day : new int[] {0, 3, 6, 7, 11}) {
      log.add(
          new Command.SendMessage(
              now + day * DAY, CommandLog.token(ann), "Bob", "x", "r1", false, LIMIT));
    }
    List<Outcome> outcomes = CommandLog.apply(state, log.slice(first, log.size()));
    assertThat(outcomes)
        .extracting(outcome -> accepted(outcome).duplicate())
        .containsExactly(false, false, false, true, false);
  }

  // Acknowledging

  @Test
  void anAcknowledgementIsCumulativeNeverGoesBackAndNeverBeyondTheNewest() throws Exception {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    int bob = login("Bob");
    assertThat(acknowledge(bob, Long.MAX_VALUE)).isEqualTo(new Outcome.Acknowledged(2, 2));
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      ids.add(accepted(send(ann, "Bob", "text " + i, "")).message().messageId());
    }
    assertThat(acknowledge(bob, ids.get(2))).isEqualTo(new Outcome.Acknowledged(2, ids.get(2)));
    assertThat(state.queries().undeliveredCount(2)).isEqualTo(2);
    assertThat(acknowledge(bob, ids.get(0))).isEqualTo(new Outcome.Acknowledged(2, ids.get(2)));
    assertThat(acknowledge(bob, -5)).isEqualTo(new Outcome.Acknowledged(2, ids.get(2)));
    assertThat(state.queries().undelivered(2, 0, 10))
        .extracting(StoredMessage::messageId)
        .containsExactly(ids.get(3), ids.get(4));
    send(bob, "Ann", "newer than all of Bob's", "");
    assertThat(acknowledge(bob, Long.MAX_VALUE)).isEqualTo(new Outcome.Acknowledged(2, ids.get(4)));
    reopen();
    long next = accepted(send(ann, "Bob", "after", "")).message().messageId();
    assertThat(state.queries().undelivered(2, 0, 10))
        .extracting(StoredMessage::messageId)
        .containsExactly(next);
  }

  // Streams

  @Test
  void aStreamMakesItsAccountOnlineUntilItIsDetached() {
    create("Ann", "");
    int ann = login("Ann");
    assertThat(attach(ann, 5, 1)).isEqualTo(new Outcome.StreamAttached(1, "Ann", 5, 1));
    assertThat(state.queries().isOnline("ann")).isTrue();
    assertThat(detach(ann, 5)).isEqualTo(new Outcome.StreamDetached(true));
    assertThat(state.queries().isOnline("ann")).isFalse();
    assertThat(detach(ann, 5)).isEqualTo(new Outcome.StreamDetached(false));
    assertThat(detach(99, 5)).isEqualTo(new Outcome.StreamDetached(false));
  }

  @Test
  void aLateDetachOfAnOldStreamMissesTheNewOne() {
    create("Ann", "");
    int ann = login("Ann");
    attach(ann, 5, 1);
    attach(ann, 6, 1);
    assertThat(detach(ann, 5)).isEqualTo(new Outcome.StreamDetached(false));
    assertThat(session(ann).streamId()).isEqualTo(6);
    int young = tokens++;
    login("Ann", young, true);
    attach(young, 7, 1);
    assertThat(detach(ann, 6)).isEqualTo(new Outcome.StreamDetached(false));
    assertThat(session(young).streamId()).isEqualTo(7);
  }

  @Test
  void noStreamIsNoStreamToDetach() {
    create("Ann", "");
    int ann = login("Ann");
    assertThat(detach(ann, 0)).isEqualTo(new Outcome.StreamDetached(false));
    delete(ann, false, "d1");
    assertThat(detach(ann, 0)).isEqualTo(new Outcome.StreamDetached(false));
    assertThat(delete(ann, false, "d1")).isEqualTo(new Outcome.AccountDeleted(1, 0, true));
  }

  @Test
  void streamsOfOtherReignsExpire() throws Exception {
    int[] sessions = new int[4];
    for (int i = 0; i < 4; i++) {
      create("user" + i, "");
      sessions[i] = login("user" + i);
      attach(sessions[i], 10 + i, i < 2 ? 1 : 2);
    }
    attach(sessions[1], 20, 2);
    reopen();
    assertThat(apply(new Command.ExpireStreams(now, 2))).isEqualTo(new Outcome.StreamsExpired(1));
    assertThat(state.queries().isOnline("user0")).isFalse();
    for (int i = 1; i < 4; i++) {
      assertThat(state.queries().isOnline("user" + i)).isTrue();
    }
    assertThat(apply(new Command.ExpireStreams(now, 2))).isEqualTo(new Outcome.StreamsExpired(0));
    assertThat(login("user0", 90, false)).isInstanceOf(Outcome.LoggedIn.class);
  }

  // Deleting

  @Test
  void anAccountWithUndeliveredMessagesIsDeletedOnlyIfTheyMayBeLost() {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    int bob = login("Bob");
    send(ann, "Bob", "1", "");
    send(ann, "Bob", "2", "");
    assertThat(delete(bob, false, "d1")).isEqualTo(new Outcome.UndeliveredMessages(2));
    assertThat(status(bob)).isEqualTo(ChatQueries.SessionStatus.VALID);
    assertThat(delete(bob, true, "d1")).isEqualTo(new Outcome.AccountDeleted(2, 2, false));
    assertThat(status(bob)).isEqualTo(ChatQueries.SessionStatus.NONE);
    assertThat(state.queries().undeliveredCount(2)).isZero();
    assertThat(state.queries().undelivered(2, 0, 10)).isEmpty();
    assertThat(send(ann, "Bob", "3", "")).isEqualTo(new Outcome.NoSuchAccount());
    assertThat(send(bob, "Ann", "3", "")).isEqualTo(new Outcome.NoSession());
  }

  @Test
  void aDeletionIsRepeatableByItsRequestIdWithTheDeletedSession() throws Exception {
    create("Ann", "");
    create("Bob", "");
    int ann = login("Ann");
    int bob = login("Bob");
    send(ann, "Bob", "1", "");
    delete(bob, true, "d1");
    reopen();
    now += DAY - HOUR;
    assertThat(delete(bob, true, "d1")).isEqualTo(new Outcome.AccountDeleted(2, 1, true));
    assertThat(delete(bob, false, "d1")).isEqualTo(new Outcome.RequestIdReused());
    assertThat(delete(bob, true, "d2")).isEqualTo(new Outcome.NoSession());
    assertThat(delete(bob, true, "")).isEqualTo(new Outcome.NoSession());
    // Another deletion sweeps only what is older than a day.
    assertThat(delete(ann, false, "d1")).isEqualTo(new Outcome.AccountDeleted(1, 0, false));
    assertThat(delete(bob, true, "d1")).isEqualTo(new Outcome.AccountDeleted(2, 1, true));
    now += 3 * HOUR;
    assertThat(delete(bob, true, "d1")).isEqualTo(new Outcome.NoSession());
  }

  @Test
  void aDeletionIsNotRememberedWithoutARequestId() {
    create("Ann", "");
    int ann = login("Ann");
    delete(ann, false, "");
    assertThat(delete(ann, false, "")).isEqualTo(new Outcome.NoSession());
  }

  @Test
  void anIdThatSentAMessageDeletesNoAccount() {
    create("Ann", "");
    int ann = login("Ann");
    send(ann, "Ann", "x", "r1");
    assertThat(delete(ann, true, "r1")).isEqualTo(new Outcome.RequestIdReused());
    assertThat(status(ann)).isEqualTo(ChatQueries.SessionStatus.VALID);
  }

  @Test
  void aNameMadeAgainInheritsNothing() throws Exception {
    create("Ann", "");
    create("Bob", "c1");
    int ann = login("Ann");
    int bob = login("Bob");
    send(ann, "Bob", "for the old one", "");
    send(bob, "Ann", "from the old one", "r1");
    delete(bob, true, "d1");
    long again = ((Outcome.AccountCreated) create("BOB", "c2")).accountId();
    for (int round = 0; round < 2; round++) {
      assertThat(state.queries().credentials("bob"))
          .contains(new ChatQueries.Credentials(again, "BOB", "hash of BOB"));
      assertThat(state.queries().undelivered(again, 0, 10)).isEmpty();
      assertThat(state.queries().undeliveredCount(again)).isZero();
      assertThat(state.queries().history(again, 1, Long.MAX_VALUE, 10).messages()).isEmpty();
      assertThat(status(bob)).isEqualTo(ChatQueries.SessionStatus.NONE);
      reopen();
    }
    // What the old one sent stays with who got it.
    assertThat(state.queries().undelivered(1, 0, 10))
        .extracting(StoredMessage::sender, StoredMessage::text)
        .containsExactly(org.assertj.core.api.Assertions.tuple("Bob", "from the old one"));
    int young = login("BOB");
    assertThat(accepted(send(young, "Ann", "x", "r1")).duplicate()).isFalse();
    assertThat(delete(bob, true, "d1")).isEqualTo(new Outcome.AccountDeleted(2, 1, true));
    assertThat(state.queries().credentials("bob")).isPresent();
  }

  // Time

  @Test
  void loggedTimeNeverGoesBack() throws Exception {
    create("Ann", "");
    int ann = login("Ann");
    long ahead = now;
    now -= 3 * DAY;
    assertThat(accepted(send(ann, "Ann", "1", "")).message().sentTimeMicros()).isEqualTo(ahead);
    reopen();
    assertThat(state.queries().lastTimeMicros()).isEqualTo(ahead);
    assertThat(accepted(send(ann, "Ann", "2", "")).message().sentTimeMicros()).isEqualTo(ahead);
    now = ahead + 7;
    // A refusal moves it too: every server has seen the stamp.
    assertThat(send(ann, "Nobody", "x", "")).isEqualTo(new Outcome.NoSuchAccount());
    assertThat(state.queries().lastTimeMicros()).isEqualTo(ahead + 7);
  }

  private Outcome apply(Command command) {
    log.add(command);
    return CommandLog.apply(state, log.slice(log.size(), log.size())).get(0);
  }

  private void reopen() throws Exception {
    state.close();
    state = H2ChatState.open(directory);
    assertThat(state.position()).isEqualTo(log.at(log.size()));
  }

  private Outcome create(String name, String requestId) {
    return apply(new Command.CreateAccount(now, name, "hash of " + name, requestId));
  }

  private Outcome delete(int token, boolean discard, String requestId) {
    return apply(new Command.DeleteAccount(now, CommandLog.token(token), discard, requestId));
  }

  private Outcome changePassword(int token, String old, String hash, int fresh, String requestId) {
    return apply(
        new Command.ChangePassword(
            now, CommandLog.token(token), old, hash, CommandLog.token(fresh), requestId));
  }

  private Outcome login(String name, int token, boolean takeOver) {
    long account = state.queries().credentials(name).orElseThrow().accountId();
    return apply(new Command.Login(now, account, CommandLog.token(token), takeOver));
  }

  private int login(String name) {
    int token = tokens++;
    assertThat(login(name, token, false)).isInstanceOf(Outcome.LoggedIn.class);
    return token;
  }

  private Outcome attach(int token, long stream, long reign) {
    return apply(new Command.AttachStream(now, CommandLog.token(token), stream, reign));
  }

  private Outcome detach(int token, long stream) {
    return apply(new Command.DetachStream(now, CommandLog.token(token), stream));
  }

  private Outcome acknowledge(int token, long messageId) {
    return apply(new Command.Acknowledge(now, CommandLog.token(token), messageId));
  }

  private Outcome send(int token, String recipient, String text, String requestId) {
    return apply(
        new Command.SendMessage(
            now, CommandLog.token(token), recipient, text, requestId, false, LIMIT));
  }

  private Outcome sendLimited(int token, String recipient, String requestId, int limit) {
    return apply(
        new Command.SendMessage(
            now, CommandLog.token(token), recipient, "text", requestId, false, limit));
  }

  private static Outcome.MessageAccepted accepted(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.MessageAccepted.class);
    return (Outcome.MessageAccepted) outcome;
  }

  private ChatQueries.Session session(int token) {
    return state.queries().session(CommandLog.token(token), now);
  }

  private ChatQueries.SessionStatus status(int token) {
    return session(token).status();
  }

  private static String uuidV7(long micros, int number) {
    return String.format(
        Locale.ROOT,
        "%08x-%04x-7000-8000-%012x",
        (micros / 1000) >>> 16,
        (micros / 1000) & 0xffff,
        number);
  }
}
