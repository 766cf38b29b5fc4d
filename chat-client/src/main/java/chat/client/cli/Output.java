package chat.client.cli;

/** How a command's results are printed. */
enum Output {
  TEXT,
  JSON
}
