package chat.client.cli;

import chat.client.ChatMessage;
import chat.client.Delivery;
import chat.client.SentMessage;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;

/** Prints results, for people or for programs: then one JSON object a line. */
final class Printer {
  private static final DateTimeFormatter TODAY = DateTimeFormatter.ofPattern("HH:mm:ss");
  private static final DateTimeFormatter EARLIER = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm");

  private final Surroundings surroundings;
  private final boolean json;

  Printer(Surroundings surroundings, boolean json) {
    this.surroundings = surroundings;
    this.json = json;
  }

  /** One result: the text for people, the fields for programs. */
  void print(String text, Map<String, Object> fields) {
    surroundings.out().println(json ? Json.write(fields) : text);
    if (isBroken()) {
      // As in "| head -1": whoever closed it wants no more, and no explanation.
      throw new CommandFailure(ExitCodes.REFUSED, "");
    }
  }

  /** What was done, which is done also if nobody reads that: then it is said with the errors. */
  void printDone(String text, Map<String, Object> fields) {
    surroundings.out().println(json ? Json.write(fields) : text);
    if (isBroken()) {
      surroundings.err().println(text);
    }
  }

  /** Something only people want to know. */
  void remark(String text) {
    if (!json) {
      surroundings.out().println(text);
    }
  }

  void message(ChatMessage message) {
    print(
        line(message, surroundings.colours()),
        Main.fields(
            "message_id", message.messageId(),
            "sender", message.sender(),
            "recipient", message.recipient(),
            "text", message.text(),
            "sent_time", message.sentTime()));
  }

  /** Whether what was printed could not be: nobody reads any more. */
  private boolean isBroken() {
    return surroundings.out().checkError();
  }

  /** A message on one line, harmless whatever it says. */
  static String line(ChatMessage message, boolean colours) {
    String sender = Printable.escape(message.sender());
    String shown = colours ? "\u001b[1m" + sender + "\u001b[0m" : sender;
    return time(message.sentTime()) + " " + shown + ": " + Printable.escape(message.text());
  }

  static String time(Instant instant) {
    ZoneId zone = ZoneId.systemDefault();
    ZonedDateTime time = instant.atZone(zone);
    return (time.toLocalDate().equals(LocalDate.now(zone)) ? TODAY : EARLIER).format(time);
  }

  static String receipt(SentMessage sent, String recipient) {
    String name = Printable.escape(recipient);
    String how = sent.delivery() == Delivery.LIVE ? "Sent to " + name : "Kept for " + name;
    return how + (sent.duplicate() ? " (it had been accepted before)." : ".");
  }
}
