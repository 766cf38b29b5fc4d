package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;

/** What callers are told apart by. */
class CallerTest {
  @Test
  void anIpv4AddressIsOneCaller() throws Exception {
    assertThat(source("198.51.100.7")).isEqualTo(source("198.51.100.7"));
    assertThat(source("198.51.100.7")).isNotEqualTo(source("198.51.100.8"));
  }

  @Test
  void anIpv6NetworkOfOneCustomerIsOneCaller() throws Exception {
    assertThat(source("2001:db8:1:2::1")).isEqualTo(source("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assertThat(source("2001:db8:1:2::1")).isNotEqualTo(source("2001:db8:1:3::1"));
  }

  @Test
  void thisMachineIsNoCustomersNetwork() throws Exception {
    assertThat(source("::1")).isNotEqualTo(source("::2"));
    assertThat(source("127.0.0.1")).isEqualTo("127.0.0.1");
  }

  @Test
  void theSameAddressWrittenAsIpv6IsTheSameCaller() throws Exception {
    assertThat(source("::ffff:198.51.100.7")).isEqualTo(source("198.51.100.7"));
  }

  @Test
  void withoutAnAddressAllAreOne() {
    assertThat(new Caller(null, null, () -> true).source()).isEmpty();
    assertThat(
            new Caller(null, InetSocketAddress.createUnresolved("a.test", 1), () -> true).source())
        .isEmpty();
  }

  private static String source(String address) throws UnknownHostException {
    return new Caller(
            null, new InetSocketAddress(InetAddress.getByName(address), 40_000), () -> true)
        .source();
  }
}
