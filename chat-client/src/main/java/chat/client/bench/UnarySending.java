package chat.client.bench;

import chat.v1.ChatServiceGrpc;
import chat.v1.SendMessageRequest;
import io.grpc.ManagedChannel;
import java.util.List;

/** {@code SendMessage}, one call a message, in one session. Thread-safe. */
final class UnarySending implements Sending {
  private final List<ManagedChannel> channels;
  private final String token;
  private final FastIds ids = new FastIds();

  /**
   * @param channels used in turn by the slots; closed by their owner
   */
  UnarySending(List<ManagedChannel> channels, String token) {
    this.channels = channels;
    this.token = token;
  }

  @Override
  public void send(int slot, String recipient, String text, Receipt receipt) {
    SendMessageRequest request =
        SendMessageRequest.newBuilder()
            .setRecipient(recipient)
            .setText(text)
            .setRequestId(ids.next())
            .build();
    Calls.unary(
        channels.get(slot % channels.size()),
        ChatServiceGrpc.getSendMessageMethod(),
        token,
        request,
        (answer, status) -> {
          if (status.isOk() && answer != null) {
            receipt.accepted(answer.getMessageId());
          } else {
            receipt.failed(status);
          }
        });
  }

  @Override
  public void close() {
    // Each call ends by itself.
  }
}
