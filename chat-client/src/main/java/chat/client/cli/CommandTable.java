package chat.client.cli;

import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import picocli.CommandLine;

/** All commands, and the parser of those that matter. */
final class CommandTable {
  private CommandTable() {}

  /**
   * Only the commands that the arguments can mean, or all if none: to describe one by reflection
   * takes longer than to ask a server.
   */
  static CommandLine commandLine(Main main, String... args) {
    Map<String, Supplier<Object>> commands = commands(main);
    Set<String> meant = new HashSet<>(Arrays.asList(args));
    meant.retainAll(commands.keySet());
    if (args.length > 0 && !meant.contains(args[0]) && !meant.isEmpty()) {
      // Something like "--help", or an option's value that is called like a command.
      meant = Arrays.asList(args).contains("--help") ? Set.of() : meant;
    }
    CommandLine commandLine = new CommandLine(main);
    for (Map.Entry<String, Supplier<Object>> each : commands.entrySet()) {
      if (meant.isEmpty() || meant.contains(each.getKey())) {
        commandLine.addSubcommand(each.getKey(), each.getValue().get());
      }
    }
    return commandLine
        .setOut(main.surroundings().out())
        .setErr(main.surroundings().err())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setColorScheme(
            CommandLine.Help.defaultColorScheme(
                main.surroundings().colours()
                    ? CommandLine.Help.Ansi.ON
                    : CommandLine.Help.Ansi.OFF))
        .setExecutionStrategy(main::execute)
        .setParameterExceptionHandler((wrong, ignored) -> main.wrongUsage(wrong))
        .setExecutionExceptionHandler((failure, command, parsed) -> main.explain(failure));
  }

  private static Map<String, Supplier<Object>> commands(Main main) {
    Map<String, Supplier<Object>> commands = new LinkedHashMap<>();
    commands.put("create-account", () -> new AccountCommands.Create(main));
    commands.put("login", () -> new SessionCommands.Login(main));
    commands.put("logout", () -> new SessionCommands.Logout(main));
    commands.put("whoami", () -> new SessionCommands.WhoAmI(main));
    commands.put("passwd", () -> new SessionCommands.Passwd(main));
    commands.put("send", () -> new MessageCommands.Send(main));
    commands.put("inbox", () -> new MessageCommands.Inbox(main));
    commands.put("receive", () -> new MessageCommands.Receive(main));
    commands.put("history", () -> new MessageCommands.History(main));
    commands.put("accounts", () -> new AccountCommands.ListThem(main));
    commands.put("delete-account", () -> new AccountCommands.Delete(main));
    commands.put("status", () -> new StatusCommand(main));
    commands.put("completion", () -> new CompletionCommand(main));
    return commands;
  }
}
