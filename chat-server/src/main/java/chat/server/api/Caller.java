package chat.server.api;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Who is at the other end of a call, as far as the call itself tells. Immutable.
 *
 * @param session the session that it names, or null
 * @param address where it comes from; null where the transport does not say
 * @param waiting whether it has not given the call up; asked from any thread
 */
record Caller(
    @Nullable SessionKey session, @Nullable SocketAddress address, BooleanSupplier waiting) {
  /** Of an IPv6 address: what one customer of a provider has, and can vary at will, is the rest. */
  private static final int NETWORK_BYTES = 8;

  /** What callers are told apart by where none must do it often: one IPv4 address, one IPv6 /64. */
  String source() {
    if (!(address instanceof InetSocketAddress at) || at.getAddress() == null) {
      return "";
    }
    InetAddress ip = at.getAddress();
    if (ip instanceof Inet6Address && !ip.isLoopbackAddress()) {
      return Arrays.toString(Arrays.copyOf(ip.getAddress(), NETWORK_BYTES));
    }
    return ip.getHostAddress();
  }
}
