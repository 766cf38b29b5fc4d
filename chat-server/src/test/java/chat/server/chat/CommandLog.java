package chat.server.chat;

import chat.server.replication.Entry;
import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import chat.server.runtime.AppliedState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A log of commands in memory. */
public final class CommandLog {
  /** The epoch of all its entries. */
  public static final Epoch EPOCH = new Epoch(0x103);

  private final List<Entry> entries = new ArrayList<>();
  private LogPosition end = LogPosition.START;

  /** Appends a command. */
  public Entry add(Command command) {
    return add(CommandCodec.encode(command));
  }

  /** Appends an entry of the replication itself. */
  public Entry addNothing() {
    return add(new byte[0]);
  }

  /** Appends an entry with these bytes, whatever they are. */
  public Entry add(byte[] payload) {
    Entry entry = Entry.following(end, EPOCH, payload);
    entries.add(entry);
    end = entry.position();
    return entry;
  }

  /** Entries from one index to another, both included. */
  public List<Entry> slice(long first, long last) {
    return entries.subList((int) first - 1, (int) last);
  }

  /** The position of an index. */
  public LogPosition at(long index) {
    return index == 0 ? LogPosition.START : entries.get((int) index - 1).position();
  }

  public long size() {
    return entries.size();
  }

  /** The 32 bytes that stand for a session token. */
  public static byte[] token(int number) {
    byte[] token = new byte[32];
    Arrays.fill(token, (byte) (number * 7));
    token[0] = (byte) number;
    token[1] = (byte) (number >> 8);
    token[2] = (byte) (number >> 16);
    token[3] = (byte) (number >> 24);
    return token;
  }

  /** Applies entries; what they came to. */
  public static List<Outcome> apply(AppliedState state, List<Entry> entries) {
    return state.apply(entries).stream().map(AppliedState.Applied::outcome).toList();
  }
}
