package chat.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.server.replication.ServerId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  private static final ServerLimits LIMITS =
      new ServerLimits(16384, 65536, 10000, 50, 1000, 19456, 2, 64L << 20, 1L << 30, 100, 0);
  private static final String ELSEWHERE = "1=10.0.0.1:1:2:3,2=10.0.0.2:1:2:3,3=10.0.0.3:1:2:3";

  @TempDir Path directory;

  @Test
  void aNumberAloneIsServerOneOfThree() throws IOException {
    ServerConfig config = start(flags(1, null, null, null, false)).config();
    assertThat(config.cluster()).isEqualTo(ClusterAddresses.local(3, 7400));
    assertThat(config.listen()).hasToString("127.0.0.1:7401");
  }

  @Test
  void aRestartByNumberAloneFindsWhatTheFirstStartWasGiven() throws IOException {
    DataDirectory.Opened first = start(flags(2, ELSEWHERE, null, "0.0.0.0:99", true));
    Files.createFile(directory.resolve("state"));
    DataDirectory.Opened again = start(flags(2, null, null, null, false));
    assertThat(again.config()).isEqualTo(first.config());
    assertThat(again.config().cluster()).hasToString(ELSEWHERE);
    assertThat(again.config().listen()).hasToString("0.0.0.0:99");
    assertThat(again.directory().diskId()).isEqualTo(first.directory().diskId());
  }

  @Test
  void flagsWinAndAreStored() throws IOException {
    start(flags(2, null, 3, null, false));
    start(flags(2, ELSEWHERE, null, null, true));
    assertThat(start(flags(2, null, null, null, false)).config().listen())
        .hasToString("10.0.0.2:1");
  }

  @Test
  void otherServersThanTheStoredOnesAreRefused() throws IOException {
    start(flags(1, null, 3, null, false));
    refused(flags(1, null, 5, null, false), "servers 1, 2, 3, but the flags name 1, 2, 3, 4, 5");
  }

  @Test
  void anotherServersDirectoryIsRefused() throws IOException {
    start(flags(1, null, null, null, false));
    refused(flags(2, null, null, null, false), "is the data directory of server 1");
  }

  @Test
  void aNumberOutsideTheClusterIsRefused() {
    refused(flags(4, null, null, null, false), "not among the cluster's servers 1, 2, 3");
    assertThat(directory.resolve("server.properties")).doesNotExist();
  }

  @Test
  void addressesThatOthersReachNeedConsent() {
    refused(flags(1, ELSEWHERE, null, null, false), "--insecure");
    refused(flags(1, null, null, "0.0.0.0:7401", false), "0.0.0.0:7401");
  }

  @Test
  void whereEverythingIsEncryptedNoConsentIsNeededAndItIsKept() throws IOException {
    TlsConfig all = TlsConfig.in(directory.toAbsolutePath(), new ServerId(1));
    start(encrypted(all));
    assertThat(start(flags(1, null, null, null, false)).config().tls()).isEqualTo(all);
    assertThat(start(flags(1, null, null, null, false)).config().exposed()).isNull();
    // Forgotten, it needs consent again.
    refused(encrypted(TlsConfig.NONE), "--insecure");
  }

  @Test
  void halfOfTheConnectionsEncryptedIsNotEnough() {
    TlsConfig all = TlsConfig.in(directory.toAbsolutePath(), new ServerId(1));
    refused(encrypted(new TlsConfig(all.clients(), null)), "10.0.0.1:7411");
    refused(encrypted(new TlsConfig(null, all.peers())), "10.0.0.1:7401");
  }

  private static StartFlags encrypted(TlsConfig tls) {
    return new StartFlags(
        new ServerId(1),
        ClusterAddresses.parse("1=10.0.0.1:7401:7411:7421,2=10.0.0.2:7401:7411:7421"),
        null,
        null,
        tls,
        false,
        false);
  }

  @Test
  void aConfigurationWithoutItsDataIsOfAnotherDisk() throws IOException {
    DataDirectory.Opened first = start(flags(2, ELSEWHERE, null, "0.0.0.0:99", true));
    DataDirectory.Opened again = start(flags(2, null, null, null, false));
    assertThat(again.config()).isEqualTo(first.config());
    assertThat(again.directory().diskId()).isNotEqualTo(first.directory().diskId());
    Files.createFile(directory.resolve("state"));
    assertThat(start(flags(2, null, null, null, false)).directory().diskId())
        .isEqualTo(again.directory().diskId());
  }

  @Test
  void dataHalfwayToItsPlaceIsOfTheSameDisk() throws IOException {
    DataDirectory.Opened first = start(flags(2, null, null, null, false));
    Files.createDirectories(directory.resolve("old").resolve("log"));
    Files.writeString(directory.resolve("swap"), "parts=log state\naside=\n");
    assertThat(start(flags(2, null, null, null, false)).directory().diskId())
        .isEqualTo(first.directory().diskId());
  }

  @Test
  void dataWithoutItsConfigurationIsRefused() throws IOException {
    Files.createDirectory(directory.resolve("log"));
    refused(flags(1, null, null, null, false), "no server.properties");
  }

  @Test
  void aConfigurationOfANewerVersionIsRefused() throws IOException {
    start(flags(1, null, null, null, false));
    Path file = directory.resolve("server.properties");
    Files.writeString(file, Files.readString(file).replace("version=1", "version=2"));
    refused(flags(1, null, null, null, false), "format version 2");
  }

  @Test
  void aDirectoryInUseIsRefused() throws IOException {
    DataDirectory.open(directory, flags(1, null, null, null, false), LIMITS);
    assertThatThrownBy(
            () -> DataDirectory.open(directory, flags(1, null, null, null, false), LIMITS))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("is in use by a running server");
  }

  private DataDirectory.Opened start(StartFlags flags) throws IOException {
    // Without the lock, which this process would hold to its end.
    return DataDirectory.merge(directory, flags, LIMITS);
  }

  private void refused(StartFlags flags, String said) {
    assertThatThrownBy(() -> start(flags))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining(said);
  }

  private static StartFlags flags(
      int id,
      @Nullable String cluster,
      @Nullable Integer size,
      @Nullable String listen,
      boolean insecure) {
    return new StartFlags(
        new ServerId(id),
        cluster == null ? null : ClusterAddresses.parse(cluster),
        size,
        listen == null ? null : HostPort.parse(listen),
        null,
        insecure,
        false);
  }
}
