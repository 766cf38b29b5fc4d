package chat.server.transport;

import static chat.server.transport.RefusedMessageException.malformed;

import chat.replication.v1.ServerIncarnation;
import chat.server.replication.Epoch;
import chat.server.replication.Incarnation;
import chat.server.replication.ServerId;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Numbers, names and sets from the wire, checked before anything is made of them. */
final class WireChecks {
  private static final int TEXT_CHARS_MAX = 4096;

  private WireChecks() {}

  static ServerId server(int value, String field) throws RefusedMessageException {
    if (value < 1 || value > 255) {
      throw malformed(field + " " + value + " is not between 1 and 255");
    }
    return new ServerId(value);
  }

  static long index(long value, String field) throws RefusedMessageException {
    if (value < 0) {
      throw malformed(field + " " + value + " is negative");
    }
    return value;
  }

  static Epoch epoch(long value, String field) throws RefusedMessageException {
    return new Epoch(index(value, field));
  }

  static Incarnation incarnation(long value, String field) throws RefusedMessageException {
    return new Incarnation(index(value, field));
  }

  /** A name that is kept: bounded, because strangers choose it. */
  static String text(String value, String field) throws RefusedMessageException {
    if (value.length() > TEXT_CHARS_MAX) {
      throw malformed(field + " is longer than " + TEXT_CHARS_MAX + " characters");
    }
    return value;
  }

  static void present(boolean has, String field) throws RefusedMessageException {
    if (!has) {
      throw malformed(field + " is missing");
    }
  }

  static SortedSet<ServerId> servers(List<Integer> values, String field)
      throws RefusedMessageException {
    SortedSet<ServerId> servers = new TreeSet<>();
    for (int value : values) {
      if (!servers.add(server(value, field))) {
        throw malformed(field + " names " + value + " twice");
      }
    }
    return Collections.unmodifiableSortedSet(servers);
  }

  static SortedMap<ServerId, Incarnation> incarnations(List<ServerIncarnation> values, String field)
      throws RefusedMessageException {
    SortedMap<ServerId, Incarnation> incarnations = new TreeMap<>();
    for (ServerIncarnation value : values) {
      ServerId id = server(value.getServerId(), field);
      if (incarnations.put(id, incarnation(value.getIncarnation(), field)) != null) {
        throw malformed(field + " names " + id + " twice");
      }
    }
    return Collections.unmodifiableSortedMap(incarnations);
  }
}
