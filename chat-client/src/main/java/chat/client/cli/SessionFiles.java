package chat.client.cli;

import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;

/**
 * The sessions of one cluster that are kept for the next command, one file an account, readable by
 * its owner alone: a token is as good as a password.
 */
final class SessionFiles {
  private static final String SUFFIX = ".session";

  /** A session that was kept. */
  record Kept(String username, String token) {}

  private final Path folder;
  private final String cluster;
  private final String servers;

  /**
   * @param servers the list of servers that names the cluster; its order does not matter
   */
  SessionFiles(Path configFolder, String servers) {
    this.folder = configFolder.resolve("chat").resolve("sessions");
    this.servers = servers;
    String[] sorted = servers.toLowerCase(Locale.ROOT).split(",", -1);
    Arrays.sort(sorted);
    this.cluster = digest(String.join(",", sorted)).substring(0, 12);
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every JDK has SHA-256.", e);
    }
  }

  Path file(String username) {
    // Names differ by letters, digits, '.', '_' and '-'; anything else must not leave the folder.
    String safe = username.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9._-]", "_");
    return folder.resolve(safe + "@" + cluster + SUFFIX);
  }

  void keep(String username, String token) {
    Properties content = new Properties();
    content.setProperty("username", username);
    content.setProperty("token", token);
    content.setProperty("servers", servers);
    try {
      Files.createDirectories(folder, ownerOnly("rwx------"));
      // Under another name until it is whole, and never readable by others, not for a moment.
      Path fresh = Files.createTempFile(folder, ".new", SUFFIX, ownerOnly("rw-------"));
      try {
        try (Writer writer = Files.newBufferedWriter(fresh)) {
          content.store(writer, "A session of the chat service. Whoever has the token is you.");
        }
        Files.move(fresh, file(username), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        // There only if the disk was full or the like.
        Files.deleteIfExists(fresh);
      }
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCodes.REFUSED,
          "The session cannot be kept in " + folder + " (" + e.getMessage() + "); is it writable?",
          e);
    }
  }

  private FileAttribute<?>[] ownerOnly(String permissions) {
    boolean posix = folder.getFileSystem().supportedFileAttributeViews().contains("posix");
    return posix
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  Optional<Kept> find(String username) {
    return read(file(username));
  }

  /** All sessions kept for this cluster. */
  List<Kept> all() {
    List<Kept> found = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> files =
          Files.newDirectoryStream(folder, "*@" + cluster + SUFFIX)) {
        files.forEach(file -> read(file).ifPresent(found::add));
      } catch (IOException e) {
        throw unreadable(folder, e);
      }
    }
    return found;
  }

  void forget(String username) {
    try {
      Files.deleteIfExists(file(username));
    } catch (IOException e) {
      throw new CommandFailure(
          ExitCodes.REFUSED, "The file " + file(username) + " cannot be deleted; delete it.", e);
    }
  }

  /** Forgets a session that is over, unless another client of this account has begun a new one. */
  void forget(String username, String token) {
    if (find(username).filter(kept -> kept.token().equals(token)).isPresent()) {
      forget(username);
    }
  }

  private static Optional<Kept> read(Path file) {
    Properties content = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      content.load(reader);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      throw unreadable(file, e);
    }
    String username = content.getProperty("username", "");
    String token = content.getProperty("token", "");
    return username.isEmpty() || token.isEmpty()
        ? Optional.empty()
        : Optional.of(new Kept(username, token));
  }

  private static CommandFailure unreadable(Path path, Exception cause) {
    return new CommandFailure(
        ExitCodes.REFUSED, path + " cannot be read; delete it and log in again.", cause);
  }
}
