package chat.client.cli;

import chat.client.ChatClient;
import chat.client.ChatException;
import chat.client.ChatSession;
import chat.client.OutcomeUnknownException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line of the chat service. Without a command it starts an interactive session. */
@Command(
    name = "client",
    description = "Chat with people through a service that does not lose messages.",
    footerHeading = "%nExit codes:%n",
    footer = {
      "  0  done",
      "  1  refused, or something on this machine failed; nothing was changed",
      "     ('send NAME -' may have sent some lines, and says which)",
      "  2  the command line is wrong",
      "  3  not logged in, session ended, or wrong password",
      "  4  no primary, or no server at all, answered in time",
      "  5  outcome unknown; asking again with the same --request-id tells",
      "130  interrupted (143: by SIGTERM); 'send NAME -' says what was accepted"
    },
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
public final class Main implements Callable<Integer> {
  private static final String DEFAULT_SERVERS = "127.0.0.1:7401,127.0.0.1:7402,127.0.0.1:7403";

  // Kept here: the JDK forgets the level of a logger that nobody refers to.
  private static final Logger GRPC_LOG = Logger.getLogger("io.grpc");

  private final Surroundings surroundings;

  @Option(
      names = "--servers",
      scope = ScopeType.INHERIT,
      paramLabel = "HOST:PORT,...",
      description = "The cluster's servers; else CHAT_SERVERS, else " + DEFAULT_SERVERS + ".")
  private @Nullable String servers;

  @Option(
      names = "--tls-ca",
      scope = ScopeType.INHERIT,
      paramLabel = "FILE",
      description =
          "Encrypt, and trust the authorities in this PEM file; 'system' for those of this"
              + " machine; else CHAT_TLS_CA.")
  private @Nullable String tlsAuthorities;

  @Option(
      names = "--tls-name",
      scope = ScopeType.INHERIT,
      paramLabel = "NAME",
      description =
          "The name in the servers' certificates where it is not the host in --servers; else"
              + " CHAT_TLS_NAME.")
  private @Nullable String tlsName;

  @Option(
      names = "--as",
      scope = ScopeType.INHERIT,
      paramLabel = "NAME",
      description = "The account to act as, of those logged in here; else CHAT_USER.")
  private @Nullable String user;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Say more about errors: stack traces and the library's log.")
  private boolean verbose;

  private @Nullable ChatClient client;
  private @Nullable String actingAs;
  private String actingWith = "";

  private Main(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] args) {
    System.exit(run(args, Surroundings.ofProcess()));
  }

  /** Runs a command with other environment variables on top of this process's. */
  public static int run(String[] args, Map<String, String> environment) {
    return run(args, Surroundings.ofProcess().with(environment));
  }

  /** Runs a command in surroundings of the caller's. */
  static int run(String[] args, Surroundings surroundings) {
    Main main = new Main(surroundings);
    CommandLine commandLine = CommandTable.commandLine(main, args);
    try {
      return commandLine.execute(args);
    } finally {
      main.close();
      surroundings.out().flush();
    }
  }

  int wrongUsage(CommandLine.ParameterException wrong) {
    surroundings.err().println(Printable.escape(oneLine(wrong.getMessage())));
    surroundings
        .err()
        .println("See: " + wrong.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return ExitCodes.USAGE;
  }

  private static String oneLine(@Nullable String text) {
    return text == null ? "The command line is wrong." : text.replaceAll("\\s*\\R\\s*", " ");
  }

  int execute(CommandLine.ParseResult parsed) {
    if (!verbose) {
      // What gRPC logs is either told by an error or no concern of a person who chats.
      GRPC_LOG.setLevel(Level.OFF);
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  @Override
  public Integer call() {
    return new InteractiveSession(this).run();
  }

  int explain(Exception failure) {
    int exitCode = ExitCodes.REFUSED;
    String sentence;
    if (failure instanceof ChatException refused) {
      exitCode = ExitCodes.of(refused);
      sentence = sentence(refused);
    } else if (failure instanceof CommandFailure known) {
      exitCode = known.exitCode();
      sentence = String.valueOf(known.getMessage());
    } else if (failure instanceof InterruptedException) {
      exitCode = ExitCodes.INTERRUPTED;
      sentence = "";
    } else {
      sentence =
          "A bug of this client (" + failure + "); run it again with --verbose to report it.";
    }
    if (!sentence.isEmpty()) {
      surroundings.err().println(Printable.escape(oneLine(sentence)));
    }
    if (verbose) {
      failure.printStackTrace(surroundings.err());
    }
    return exitCode;
  }

  /** What happened and what to do; forgets a session that is over. */
  String sentence(ChatException refused) {
    String name = actingAs;
    if (name != null) {
      String what =
          switch (refused.reason()) {
            case SESSION_TAKEN_OVER ->
                Presence.isStillGood(client().resume(name, actingWith))
                    ? ""
                    : "Somebody logged in as " + name + " elsewhere";
            case SESSION_EXPIRED -> "The session of " + name + " has expired";
            case NO_SESSION -> "The session of " + name + " has ended";
            default -> "";
          };
      if (!what.isEmpty()) {
        sessions().forget(name, actingWith);
        return what + "; log in again with: login " + name;
      }
    }
    if (refused instanceof OutcomeUnknownException unknown && actingAs != null) {
      return "Nobody said in time whether this was done; run it again with --request-id "
          + unknown.requestId()
          + " to know, which never does it twice.";
    }
    return switch (refused.reason()) {
      case ALREADY_LOGGED_IN -> refused.getMessage() + " Use --take-over to end that session.";
      case UNDELIVERED_MESSAGES ->
          refused.getMessage() + " Use --discard-undelivered to delete them with the account.";
      case SESSION_TAKEN_OVER -> "Messages are shown in another window of yours now.";
      default -> refused.getMessage();
    };
  }

  Surroundings surroundings() {
    return surroundings;
  }

  Printer printer(boolean json) {
    return new Printer(surroundings, json);
  }

  String servers() {
    return servers != null ? servers : surroundings.environment("CHAT_SERVERS", DEFAULT_SERVERS);
  }

  /** The account asked for by option or environment; null if none. */
  @Nullable String wantedUser() {
    if (user != null) {
      return user;
    }
    String fromEnvironment = surroundings.environment("CHAT_USER", "");
    return fromEnvironment.isEmpty() ? null : fromEnvironment;
  }

  ChatClient client() {
    if (client == null) {
      try {
        client = connect();
      } catch (UncheckedIOException e) {
        throw new CommandFailure(ExitCodes.USAGE, e.getMessage() + " See --tls-ca.", e);
      } catch (IllegalArgumentException e) {
        throw new CommandFailure(
            ExitCodes.USAGE, e.getMessage() + " See --servers and CHAT_SERVERS.", e);
      }
    }
    return client;
  }

  private ChatClient connect() {
    ChatClient.Builder builder = ChatClient.builder().servers(servers());
    String trusted =
        tlsAuthorities != null ? tlsAuthorities : surroundings.environment("CHAT_TLS_CA", "");
    if (trusted.equals("system")) {
      builder.tls();
    } else if (!trusted.isEmpty()) {
      builder.tls(Path.of(trusted));
    }
    String name = tlsName != null ? tlsName : surroundings.environment("CHAT_TLS_NAME", "");
    if (!name.isEmpty()) {
      builder.tlsName(name);
    }
    return builder.build();
  }

  SessionFiles sessions() {
    return new SessionFiles(surroundings.configFolder(), servers());
  }

  /** The session that is kept for the account asked for, or the only one that is kept. */
  SessionFiles.Kept kept() {
    String wanted = wantedUser();
    if (wanted != null) {
      return sessions()
          .find(wanted)
          .orElseThrow(
              () ->
                  new CommandFailure(
                      ExitCodes.NOT_LOGGED_IN,
                      wanted + " is not logged in here; log in with: login " + wanted));
    }
    List<SessionFiles.Kept> all = sessions().all();
    if (all.isEmpty()) {
      throw new CommandFailure(
          ExitCodes.NOT_LOGGED_IN, "Nobody is logged in here; log in with: login NAME");
    }
    if (all.size() > 1) {
      List<String> names = all.stream().map(SessionFiles.Kept::username).sorted().toList();
      throw new CommandFailure(
          ExitCodes.USAGE,
          "Logged in here are "
              + String.join(", ", names)
              + "; choose with --as NAME or CHAT_USER.");
    }
    return all.get(0);
  }

  /** The session to act in. */
  ChatSession session() {
    SessionFiles.Kept kept = kept();
    actingAs = kept.username();
    actingWith = kept.token();
    return client().resume(kept.username(), kept.token());
  }

  private void close() {
    if (client != null) {
      client.close();
    }
  }

  /** The version in the archive's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"chat client " + (version == null ? "(not packaged)" : version)};
    }
  }

  /** The fields of a result as JSON, in this order: name, value, name, value ... */
  static Map<String, Object> fields(Object... namesAndValues) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return fields;
  }
}
