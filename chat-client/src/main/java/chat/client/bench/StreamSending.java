package chat.client.bench;

import chat.v1.ChatServiceGrpc;
import chat.v1.SendMessagesRequest;
import chat.v1.SendMessagesResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** {@code SendMessages}: a few streams of one session, many messages on each. Thread-safe. */
final class StreamSending implements Sending {
  /** So many messages of one stream the service has on the way. */
  static final int WINDOW = 256;

  private final FastIds ids = new FastIds();
  private final List<Lane> lanes = new ArrayList<>();

  /**
   * @param channels used in turn by the streams; closed by their owner
   * @param streams how many, used in turn by the slots
   */
  StreamSending(List<ManagedChannel> channels, String token, int streams) {
    for (int i = 0; i < streams; i++) {
      lanes.add(new Lane(channels.get(i % channels.size()), token));
    }
  }

  @Override
  public void send(int slot, String recipient, String text, Receipt receipt) {
    String id = ids.next();
    lanes
        .get(slot % lanes.size())
        .send(
            SendMessagesRequest.newBuilder()
                .setRecipient(recipient)
                .setText(text)
                .setRequestId(id)
                .build(),
            receipt);
  }

  @Override
  public void close() {
    lanes.forEach(Lane::close);
  }

  /** As few streams as the window allows. */
  static int streams(int inFlight) {
    return (inFlight + WINDOW - 1) / WINDOW;
  }

  private static final class Lane extends ClientCall.Listener<SendMessagesResponse> {
    private final ClientCall<SendMessagesRequest, SendMessagesResponse> call;
    private final Map<String, Receipt> waiting = new ConcurrentHashMap<>();

    /** Guarded by {@link #call}, as is the call itself. */
    private Status end = Status.OK;

    private Lane(ManagedChannel channel, String token) {
      call = channel.newCall(ChatServiceGrpc.getSendMessagesMethod(), CallOptions.DEFAULT);
      call.start(this, Calls.headers(token));
      // One for each that may be on the way; renewed answer by answer.
      call.request(2 * WINDOW);
    }

    private void send(SendMessagesRequest request, Receipt receipt) {
      synchronized (call) {
        if (end.isOk()) {
          waiting.put(request.getRequestId(), receipt);
          call.sendMessage(request);
          return;
        }
      }
      receipt.failed(end);
    }

    @Override
    public void onMessage(SendMessagesResponse response) {
      call.request(1);
      Receipt receipt = waiting.remove(response.getRequestId());
      if (receipt == null) {
        throw new IllegalStateException("an answer to nothing: " + response);
      }
      if (response.hasAccepted()) {
        receipt.accepted(response.getAccepted().getMessageId());
      } else {
        receipt.failed(
            Status.fromCodeValue(response.getError().getCode())
                .withDescription(response.getError().getMessage()));
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      synchronized (call) {
        end = status.isOk() ? Status.CANCELLED.withDescription("The stream has ended.") : status;
      }
      List<Receipt> left = new ArrayList<>(waiting.values());
      waiting.clear();
      left.forEach(receipt -> receipt.failed(end));
    }

    private void close() {
      synchronized (call) {
        if (end.isOk()) {
          call.halfClose();
        }
      }
    }
  }
}
