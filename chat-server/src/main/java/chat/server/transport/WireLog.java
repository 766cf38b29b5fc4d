package chat.server.transport;

import static chat.server.transport.RefusedMessageException.malformed;

import chat.replication.v1.LogEntry;
import chat.server.replication.Entry;
import chat.server.replication.LogPosition;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.util.ArrayList;
import java.util.List;

/** Log positions and entries, to and from the wire. Payloads are not copied on their way. */
final class WireLog {
  private WireLog() {}

  static chat.replication.v1.LogPosition encode(LogPosition position) {
    return chat.replication.v1.LogPosition.newBuilder()
        .setIndex(position.index())
        .setEpoch(position.epoch().number())
        .setHash(position.hash())
        .build();
  }

  static LogPosition decode(chat.replication.v1.LogPosition position, String field)
      throws RefusedMessageException {
    return new LogPosition(
        WireChecks.index(position.getIndex(), field + ".index"),
        WireChecks.epoch(position.getEpoch(), field + ".epoch"),
        position.getHash());
  }

  static List<LogEntry> encode(List<Entry> entries) {
    List<LogEntry> encoded = new ArrayList<>(entries.size());
    for (Entry entry : entries) {
      encoded.add(
          LogEntry.newBuilder()
              .setPosition(encode(entry.position()))
              // Nobody changes a payload once it belongs to an entry, so nobody needs a copy.
              .setPayload(UnsafeByteOperations.unsafeWrap(entry.payload()))
              .build());
    }
    return encoded;
  }

  /**
   * The entries after {@code previous}, without a gap.
   *
   * <p>Their hashes are for the core to check: it knows its own log.
   */
  static List<Entry> decode(LogPosition previous, List<LogEntry> entries)
      throws RefusedMessageException {
    List<Entry> decoded = new ArrayList<>(entries.size());
    LogPosition last = previous;
    for (LogEntry entry : entries) {
      WireChecks.present(entry.hasPosition(), "entries.position");
      LogPosition position = decode(entry.getPosition(), "entries.position");
      if (position.index() != last.index() + 1 || last.epoch().isAfter(position.epoch())) {
        throw malformed("entry " + position + " cannot follow " + last);
      }
      decoded.add(new Entry(position, bytes(entry.getPayload())));
      last = position;
    }
    return decoded;
  }

  private static byte[] bytes(ByteString payload) {
    return new PayloadBytes().of(payload);
  }
}
