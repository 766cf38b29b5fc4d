package chat.server;

import chat.server.files.DurableFiles;
import chat.server.replication.ServerId;
import chat.server.transport.TlsFiles;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code server.properties} of a data directory: whose it is, and what its server was
 * started with last, so that a restart by number alone finds its addresses and its peers again.
 *
 * @param diskId made with the data directory, never changed (R1)
 * @param listen null where the server listens at its address in the cluster
 * @param tls how connections are encrypted
 * @param insecure whether somebody agreed to addresses that others can reach
 */
record StoredConfig(
    ServerId id,
    String diskId,
    ClusterAddresses cluster,
    @Nullable HostPort listen,
    TlsConfig tls,
    boolean insecure) {
  static final String FILE = "server.properties";
  private static final int VERSION = 1;

  /**
   * Reads the file of a directory; empty if it has none.
   *
   * @throws UsageException if it is not readable as such
   */
  static Optional<StoredConfig> read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    Properties found = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      found.load(reader);
    }
    String version = required(file, found, "format-version");
    if (!version.equals(Integer.toString(VERSION))) {
      throw new UsageException(
          file
              + " has format version "
              + version
              + ", this program knows "
              + VERSION
              + ": start the version of the program that wrote it, or a newer one.");
    }
    String listen = found.getProperty("listen");
    return Optional.of(
        new StoredConfig(
            ClusterAddresses.id(required(file, found, "server-id")),
            required(file, found, "disk-id"),
            ClusterAddresses.parse(required(file, found, "cluster")),
            listen == null ? null : HostPort.parse(listen),
            new TlsConfig(
                files(found, "tls-cert", "tls-key", null),
                files(found, "peer-cert", "peer-key", "peer-ca")),
            Boolean.parseBoolean(found.getProperty("insecure"))));
  }

  private static @Nullable TlsFiles files(
      Properties found, String certificate, String key, @Nullable String authority) {
    String certificateFile = found.getProperty(certificate);
    String keyFile = found.getProperty(key);
    String authorityFile = authority == null ? null : found.getProperty(authority);
    return certificateFile == null || keyFile == null
        ? null
        : new TlsFiles(
            Path.of(certificateFile),
            Path.of(keyFile),
            authorityFile == null ? null : Path.of(authorityFile));
  }

  private static void append(StringBuilder text, String key, @Nullable Path file) {
    if (file != null) {
      // As java.util.Properties reads it.
      text.append(key).append('=').append(file.toString().replace("\\", "\\\\")).append('\n');
    }
  }

  private static String required(Path file, Properties found, String key) {
    String value = found.getProperty(key);
    if (value == null || value.isBlank()) {
      throw new UsageException(
          file + " has no '" + key + "': restore the file, or move the data directory away.");
    }
    return value.strip();
  }

  /** Replaces the file, atomically and durably. */
  void write(Path directory) throws IOException {
    DurableFiles.replace(directory.resolve(FILE), StandardCharsets.UTF_8.encode(text()));
  }

  /** What the file says: two that say the same are the same. */
  String text() {
    StringBuilder text = new StringBuilder();
    text.append("# Whose directory this is and what its server was started with last.\n");
    text.append("# Written at each start; flags change it, server-id and disk-id never change.\n");
    text.append("format-version=").append(VERSION).append('\n');
    text.append("server-id=").append(id).append('\n');
    text.append("disk-id=").append(diskId).append('\n');
    text.append("cluster=").append(cluster).append('\n');
    if (listen != null) {
      text.append("listen=").append(listen).append('\n');
    }
    TlsFiles clients = tls.clients();
    if (clients != null) {
      append(text, "tls-cert", clients.certificate());
      append(text, "tls-key", clients.key());
    }
    TlsFiles peers = tls.peers();
    if (peers != null) {
      append(text, "peer-ca", peers.authority());
      append(text, "peer-cert", peers.certificate());
      append(text, "peer-key", peers.key());
    }
    text.append("insecure=").append(insecure).append('\n');
    return text.toString();
  }
}
