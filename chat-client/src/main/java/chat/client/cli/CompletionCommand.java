package chat.client.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;

/** Prints the script that has the shell complete commands and options. */
@Command(
    name = "completion",
    description = "Print a completion script for bash and zsh: source <(run/client completion)",
    mixinStandardHelpOptions = true)
final class CompletionCommand implements Callable<Integer> {
  private final Main main;

  CompletionCommand(Main main) {
    this.main = main;
  }

  @Override
  public Integer call() {
    main.surroundings().out().print(AutoComplete.bash("client", CommandTable.commandLine(main)));
    return ExitCodes.OK;
  }
}
