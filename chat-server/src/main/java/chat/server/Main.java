package chat.server;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.BindException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Starts one server from the command line. */
public final class Main {
  /** Somebody can mend it with other flags; the message says how. */
  static final int EXIT_USAGE = 2;

  private static final int EXIT_FAILED = 1;

  private Main() {}

  public static void main(String[] args) {
    System.exit(
        run(new ServerCommand(), args, new PrintWriter(System.err, true, StandardCharsets.UTF_8)));
  }

  /** Runs a command; every failure that people can mend is one line on {@code err}. */
  static int run(Object command, String[] args, PrintWriter err) {
    CommandLine line = new CommandLine(command).setErr(err);
    line.setParameterExceptionHandler(
        (failure, given) -> {
          String name = line.getCommandName();
          err.println(failure.getMessage() + ". Try '" + name + " --help'.");
          return EXIT_USAGE;
        });
    line.setExecutionExceptionHandler((failure, unused, given) -> explain(failure, err));
    return line.execute(args);
  }

  private static int explain(Exception failure, PrintWriter err) {
    if (failure instanceof UsageException) {
      err.println(failure.getMessage());
      return EXIT_USAGE;
    }
    if (failure instanceof CommandFailure command) {
      err.println(command.getMessage());
      return command.exitCode();
    }
    BindException bind = bindFailure(failure);
    if (bind != null) {
      err.println(
          sentence(bind.getMessage())
              + " Stop the program that has the port (is this server running already?), or give"
              + " other addresses with --cluster or --listen.");
      return EXIT_USAGE;
    }
    if (failure instanceof IOException) {
      err.println(sentence(failure.toString()));
      return EXIT_FAILED;
    }
    failure.printStackTrace(err);
    return EXIT_FAILED;
  }

  private static String sentence(@Nullable String message) {
    String text = String.valueOf(message);
    return text.endsWith(".") ? text : text + ".";
  }

  private static @Nullable BindException bindFailure(@Nullable Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BindException bind) {
        return bind;
      }
    }
    return null;
  }
}
