package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.ServerId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterAddressesTest {
  @Test
  void threeServersOfOneMachineHaveTheDocumentedPorts() {
    assertThat(ClusterAddresses.local(3, ClusterAddresses.BASE_PORT))
        .hasToString(
            "1=127.0.0.1:7401:7411:7421,2=127.0.0.1:7402:7412:7422,3=127.0.0.1:7403:7413:7423");
  }

  @Test
  void whatIsPrintedIsReadBack() {
    String text = "1=a.example:1:2:3,4=[2001:db8::1]:5:6:7";
    ClusterAddresses cluster = ClusterAddresses.parse(text);
    assertThat(cluster).hasToString(text);
    assertThat(cluster.of(new ServerId(4)).peer()).isEqualTo(new HostPort("2001:db8::1", 6));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          1                          | is not N=HOST:PORT:PEERPORT:LIFEPORT
          x=h:1:2:3                  | 'x' is not a server's number
          300=h:1:2:3                | '300' is not a server's number
          1=h:1:2                    | is not HOST:PORT:PEERPORT:LIFEPORT
          1=h:1:2:z                  | 'z' is not a port
          1=h:1:2:70000              | not between 1 and 65535
          1=h:1:2:2                  | given twice
          1=h:1:2:3,2=h:4:5:1        | given twice
          1=h:1:2:3,1=h:4:5:6        | given twice
          1=::1:1:2:3                | in brackets
          1=:1:2:3                   | host is missing
          """)
  void whatIsNoClusterIsRefusedInASentence(String text, String said) {
    assertThatThrownBy(() -> ClusterAddresses.parse(text))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(said)
        .hasMessageEndingWith(".");
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1,true", "127.9.8.7,true", "localhost,true", "::1,true",
    "0.0.0.0,false", "10.0.0.1,false", "127.evil.example,false", "::,false"
  })
  void onlyLoopbackIsLoopback(String host, boolean loopback) {
    assertThat(new HostPort(host, 1).isLoopback()).isEqualTo(loopback);
  }
}
