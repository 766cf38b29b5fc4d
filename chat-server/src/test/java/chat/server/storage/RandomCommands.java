package chat.server.storage;

import chat.server.chat.Command;
import chat.server.chat.CommandLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** A random log of commands, good and bad, over many accounts and days. */
final class RandomCommands {
  private static final long HOUR = 3_600_000_000L;
  private static final long DAY = 24 * HOUR;
  private static final int NAMES = 40;

  private final Random dice;
  private final CommandLog log = new CommandLog();
  // What a primary would know, perhaps wrongly: the rules must stand that.
  private final List<byte[]> tokens = new ArrayList<>();
  private final List<Long> accounts = new ArrayList<>();
  private final List<Command> repeatable = new ArrayList<>();
  private long now = 20_000 * DAY + 22 * HOUR;
  private int made;

  private RandomCommands(long seed) {
    this.dice = new Random(seed);
  }

  static CommandLog log(long seed, int entries) {
    RandomCommands commands = new RandomCommands(seed);
    for (int i = 0; i < entries; i++) {
      commands.step();
    }
    return commands.log;
  }

  private void step() {
    now += dice.nextInt(20_000_000);
    if (dice.nextInt(300) == 0) {
      now += dice.nextInt(3) == 0 ? dice.nextInt(8) * DAY : dice.nextInt(30) * HOUR;
    } else if (dice.nextInt(500) == 0) {
      // The next primary's clock is behind.
      now -= dice.nextInt(3) * HOUR;
    }
    int kind = dice.nextInt(100);
    if (kind < 2) {
      log.addNothing();
    } else if (kind < 8 || accounts.isEmpty()) {
      accounts.add(log.size() + 1);
      keep(new Command.CreateAccount(now, name(), hash(), requestId()));
    } else if (kind < 18) {
      byte[] token = CommandLog.token(tokens.size());
      tokens.add(token);
      long account = accounts.get(dice.nextInt(accounts.size()));
      log.add(new Command.Login(now, account, token, dice.nextInt(3) == 0));
    } else if (kind < 60) {
      keep(
          new Command.SendMessage(
              now,
              token(),
              name(),
              "text " + dice.nextInt(1000),
              requestId(),
              dice.nextBoolean(),
              1 + dice.nextInt(60)));
    } else if (kind < 70 && !repeatable.isEmpty()) {
      // A repeat, recent more often than old.
      int back = Math.min(repeatable.size(), 1 + dice.nextInt(dice.nextBoolean() ? 10 : 1000));
      log.add(again(repeatable.get(repeatable.size() - back)));
    } else {
      log.add(other(kind));
    }
  }

  private Command other(int kind) {
    if (kind < 80) {
      long upTo = dice.nextInt(8) == 0 ? Long.MAX_VALUE : log.size() - dice.nextInt(200);
      return new Command.Acknowledge(now, token(), upTo);
    } else if (kind < 88) {
      return new Command.AttachStream(now, token(), 1 + dice.nextInt(50), dice.nextInt(3));
    } else if (kind < 93) {
      return new Command.DetachStream(now, token(), dice.nextInt(51));
    } else if (kind < 94) {
      return new Command.ExpireStreams(now, dice.nextInt(3));
    } else if (kind < 96) {
      return new Command.Logout(now, token());
    } else if (kind < 97) {
      return new Command.TouchSession(now, token());
    } else if (kind < 98) {
      return changePassword();
    }
    Command delete = new Command.DeleteAccount(now, token(), dice.nextInt(3) > 0, requestId());
    repeatable.add(delete);
    return delete;
  }

  private Command changePassword() {
    byte[] fresh = CommandLog.token(tokens.size());
    tokens.add(fresh);
    Command change = new Command.ChangePassword(now, token(), hash(), hash(), fresh, requestId());
    repeatable.add(change);
    return change;
  }

  /** One of few: the one that a change of password takes for the old one is often right. */
  private String hash() {
    return "hash " + dice.nextInt(3);
  }

  private void keep(Command command) {
    repeatable.add(command);
    log.add(command);
  }

  private Command again(Command command) {
    if (command instanceof Command.SendMessage c) {
      // From a new session perhaps, to which it belongs or not; sometimes with another text.
      byte[] token = dice.nextInt(3) == 0 ? token() : c.tokenHash();
      String text = dice.nextInt(10) == 0 ? "other" : c.text();
      return new Command.SendMessage(
          now, token, c.recipient(), text, c.requestId(), dice.nextBoolean(), c.inboxLimit());
    } else if (command instanceof Command.DeleteAccount c) {
      return new Command.DeleteAccount(now, c.tokenHash(), c.discardUndelivered(), c.requestId());
    } else if (command instanceof Command.ChangePassword c) {
      return new Command.ChangePassword(
          now, c.tokenHash(), hash(), hash(), c.newTokenHash(), c.requestId());
    } else if (command instanceof Command.CreateAccount c) {
      return new Command.CreateAccount(now, c.username(), hash(), c.requestId());
    }
    throw new IllegalStateException("not repeatable: " + command);
  }

  private byte[] token() {
    if (tokens.isEmpty() || dice.nextInt(50) == 0) {
      return CommandLog.token(-1 - dice.nextInt(5));
    }
    int back = 1 + dice.nextInt(Math.min(tokens.size(), dice.nextInt(4) == 0 ? 500 : 60));
    return tokens.get(tokens.size() - back);
  }

  private String name() {
    String name = "user" + dice.nextInt(NAMES);
    return dice.nextBoolean() ? name : name.toUpperCase(Locale.ROOT);
  }

  private String requestId() {
    int kind = dice.nextInt(4);
    if (kind == 0) {
      return "";
    } else if (kind == 1) {
      // From a small set: used again within a day and after it.
      return "id " + dice.nextInt(200);
    }
    long millis = now / 1000 + (dice.nextInt(7_200_000) - 3_600_000);
    if (dice.nextInt(8) == 0) {
      // Of a clock that is far ahead.
      millis += dice.nextInt(40 * 3_600_000);
    } else if (dice.nextInt(8) == 0) {
      // Of no clock, and used again.
      return String.format(Locale.ROOT, "%02d", dice.nextInt(50));
    }
    return String.format(
        Locale.ROOT, "%08x-%04x-7000-8000-%012x", millis >>> 16, millis & 0xffff, made++);
  }
}
