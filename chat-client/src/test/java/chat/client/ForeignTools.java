package chat.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Programs that are not ours, found on this machine or got from npm; and what they say. Whoever
 * cannot have one skips its test with a line that nobody overlooks.
 */
final class ForeignTools {
  /** A registry that is slow or out of reach must not hold up the tests. */
  private static final long INSTALL_SECONDS_MAX = 90;

  private static final long RUN_SECONDS_MAX = 120;

  /** What a program said and how it ended. */
  record Said(int exitCode, String out, String err) {}

  private ForeignTools() {}

  /** A program on PATH, or where Go installs. */
  static Optional<Path> find(String name) {
    String path = System.getenv().getOrDefault("PATH", "");
    String home = System.getProperty("user.home");
    return Stream.concat(Stream.of(path.split(":", -1)), Stream.of(home + "/go/bin"))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, name).toAbsolutePath())
        .filter(Files::isExecutable)
        .findFirst();
  }

  /** Ends the test that calls it, as skipped. */
  static void skip(String test, String why) {
    System.err.println("**** " + test + " IS SKIPPED: " + why + ". ****");
    Assumptions.abort(why);
  }

  /**
   * Has npm install packages into a directory, or what its package.json asks for if none is given.
   * Skips the test if that cannot be done in time.
   */
  static void npmInstall(String test, Path directory, String... packages)
      throws IOException, InterruptedException {
    if (find("npm").isEmpty() || find("node").isEmpty()) {
      skip(test, "there is no node, or no npm");
    }
    Path description = directory.resolve("package.json");
    if (!Files.exists(description)) {
      // Without it npm would look for one in the directories above.
      Files.writeString(description, "{\"private\": true}\n");
    }
    List<String> command =
        new ArrayList<>(List.of("npm", "install", "--no-audit", "--no-fund", "--no-package-lock"));
    command.addAll(List.of(packages));
    Path log = directory.resolve("npm.log");
    Process npm =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!npm.waitFor(INSTALL_SECONDS_MAX, TimeUnit.SECONDS)) {
      npm.descendants().forEach(ProcessHandle::destroyForcibly);
      npm.destroyForcibly().waitFor();
      skip(test, "npm has installed nothing in " + INSTALL_SECONDS_MAX + " s");
    }
    if (npm.exitValue() != 0) {
      skip(test, "npm installs nothing: " + Files.readString(log).lines().limit(3).toList());
    }
  }

  /** Runs a program to its end. */
  static Said run(Path directory, List<String> command) throws IOException, InterruptedException {
    Path out = Files.createTempFile(directory, "said", ".out");
    Path err = Files.createTempFile(directory, "said", ".err");
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(RUN_SECONDS_MAX, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new IOException("did not end: " + command + "\n" + Files.readString(err));
    }
    return new Said(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }
}
