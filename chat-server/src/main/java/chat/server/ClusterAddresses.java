package chat.server;

import chat.server.replication.ServerId;
import java.util.Collections;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Where every configured server of a cluster is found, in the order of their numbers.
 *
 * @param members one to seven
 */
public record ClusterAddresses(SortedMap<ServerId, MemberAddress> members) {
  /** The ports of server 1 less 1; below 32768, where the kernel draws no port from (R7). */
  public static final int BASE_PORT = 7400;

  /** More servers make writes slower and survive no more than seven do. */
  public static final int SIZE_MAX = 7;

  private static final int PEER_OFFSET = 10;
  private static final int LIFE_OFFSET = 20;

  public ClusterAddresses {
    members = Collections.unmodifiableSortedMap(new TreeMap<>(members));
    if (members.isEmpty() || members.size() > SIZE_MAX) {
      throw new UsageException(
          "A cluster has 1 to " + SIZE_MAX + " servers, not " + members.size() + ".");
    }
    Set<HostPort> seen = new HashSet<>();
    for (MemberAddress member : members.values()) {
      for (HostPort address : new HostPort[] {member.client(), member.peer(), member.life()}) {
        if (!seen.add(address)) {
          throw new UsageException("The address " + address + " is given twice.");
        }
      }
    }
  }

  /**
   * {@code size} servers on this machine: server N has the ports {@code basePort} + N for clients,
   * + 10 + N for peers and + 20 + N for its life socket.
   */
  public static ClusterAddresses local(int size, int basePort) {
    SortedMap<ServerId, MemberAddress> members = new TreeMap<>();
    for (int n = 1; n <= size; n++) {
      members.put(
          new ServerId(n),
          MemberAddress.of(
              "127.0.0.1", basePort + n, basePort + PEER_OFFSET + n, basePort + LIFE_OFFSET + n));
    }
    return new ClusterAddresses(members);
  }

  /**
   * Reads {@code 1=HOST:PORT:PEERPORT:LIFEPORT,2=...}.
   *
   * @throws UsageException if the text is none
   */
  public static ClusterAddresses parse(String text) {
    SortedMap<ServerId, MemberAddress> members = new TreeMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      if (equals < 0) {
        throw new UsageException(
            "'" + part + "' of --cluster is not N=HOST:PORT:PEERPORT:LIFEPORT.");
      }
      ServerId id = id(part.substring(0, equals).strip());
      if (members.put(id, MemberAddress.parse(part.substring(equals + 1).strip())) != null) {
        throw new UsageException("Server " + id + " is given twice in --cluster.");
      }
    }
    return new ClusterAddresses(members);
  }

  static ServerId id(String text) {
    try {
      return new ServerId(Integer.parseInt(text));
    } catch (IllegalArgumentException e) {
      throw new UsageException("'" + text + "' is not a server's number from 1 to 255.", e);
    }
  }

  /** The address of a configured server. */
  public MemberAddress of(ServerId id) {
    MemberAddress address = members.get(id);
    if (address == null) {
      throw new IllegalArgumentException("server " + id + " is not among " + ids());
    }
    return address;
  }

  boolean has(ServerId id) {
    return members.containsKey(id);
  }

  /** The numbers, in words. */
  String ids() {
    return members.keySet().stream().map(ServerId::toString).collect(Collectors.joining(", "));
  }

  /** In the form that {@link #parse} reads. */
  @Override
  public String toString() {
    return members.entrySet().stream()
        .map((Map.Entry<ServerId, MemberAddress> m) -> m.getKey() + "=" + m.getValue())
        .collect(Collectors.joining(","));
  }
}
