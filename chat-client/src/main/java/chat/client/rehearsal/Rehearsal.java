package chat.client.rehearsal;

import chat.client.cli.Main;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Plays the one-shot commands. Fails if one of them does. */
public final class Rehearsal {
  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("--help"),
          List.of("status"),
          List.of("status", "--output", "json"),
          List.of("create-account", "alice"),
          List.of("login", "alice"),
          List.of("whoami"),
          List.of("send", "bob", "hello"),
          List.of("send", "bob", "hello", "--output", "json"),
          List.of("send", "bob", "-"),
          List.of("inbox"),
          List.of("receive"),
          List.of("history", "bob"),
          List.of("accounts", "a*"),
          List.of("logout"));

  private static final int TIMES_MAX = 5;

  private Rehearsal() {}

  /** Plays them, without arguments. */
  public static void main(String[] args) throws IOException {
    HealthStatusManager health = new HealthStatusManager();
    health.setStatus("chat.v1.ChatService", ServingStatus.SERVING);
    InetAddress loopback = InetAddress.getLoopbackAddress();
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(loopback, 0))
            .addService(health.getHealthService())
            .addService(new CannedChatService())
            .build()
            .start();
    Path folder = Files.createTempDirectory("chat-rehearsal-");
    try {
      play(
          Map.of(
              "CHAT_SERVERS",
              loopback.getHostAddress() + ":" + server.getPort(),
              "CHAT_PASSWORD",
              "rehearsed",
              "CHAT_USER",
              "alice",
              "XDG_CONFIG_HOME",
              folder.toString()));
    } finally {
      server.shutdownNow();
      delete(folder);
    }
    System.exit(0);
  }

  private static void play(Map<String, String> environment) {
    for (List<String> command : COMMANDS) {
      // More than once only on a machine that is so busy that the first call takes seconds.
      int exitCode = -1;
      for (int time = 0; time < TIMES_MAX && exitCode != 0; time++) {
        exitCode = Main.run(command.toArray(new String[0]), environment);
      }
      if (exitCode != 0) {
        throw new IllegalStateException(command + " ended with " + exitCode + ".");
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
