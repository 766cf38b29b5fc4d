package chat.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import chat.server.replication.Envelope;
import chat.server.replication.Incarnation;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class PendingCallsTest {
  private final PendingCalls pending = new PendingCalls(2);

  @Test
  void theCallerThatWaitsLongestIsSentAwayWhenThereAreTooMany() {
    Responses first = add(1);
    Responses second = add(2);
    Responses third = add(3);
    assertThat(first.said).containsExactly("RESOURCE_EXHAUSTED");
    assertThat(second.said).isEmpty();
    assertThat(third.said).isEmpty();
    assertThat(pending.size()).isEqualTo(2);
    assertThat(pending.take(key(1))).isNull();
  }

  @Test
  void aCallerThatAsksAgainIsAnsweredAtItsLastQuestionOnly() {
    Responses first = add(1);
    Responses again = add(1);
    answer(1);
    assertThat(first.said).containsExactly("ABORTED");
    assertThat(again.said).containsExactly("answer", "end");
    assertThat(pending.take(key(1))).isNull();
  }

  @Test
  void aCallerThatHasGoneDoesNotTakeItsSuccessorAlong() {
    PendingCalls.Caller<String> gone = caller(new Responses());
    pending.add(key(1), gone);
    Responses again = add(1);
    pending.forget(key(1), gone);
    answer(1);
    assertThat(again.said).containsExactly("answer", "end");
  }

  @Test
  void afterClosingNobodyWaits() {
    Responses before = add(1);
    pending.close();
    Responses after = add(2);
    assertThat(before.said).containsExactly("UNAVAILABLE");
    assertThat(after.said).containsExactly("UNAVAILABLE");
    assertThat(pending.size()).isZero();
  }

  private Responses add(long call) {
    Responses responses = new Responses();
    pending.add(key(call), caller(responses));
    return responses;
  }

  private void answer(long call) {
    Objects.requireNonNull(pending.take(key(call)))
        .answer(
            new Envelope(
                Harness.header(Harness.ONE, Harness.FIRST),
                Harness.TWO,
                Harness.FIRST,
                call,
                new Message.StillHeard(Harness.THREE)));
  }

  private static PendingCalls.Caller<String> caller(Responses responses) {
    return new PendingCalls.Caller<>(responses, envelope -> "answer");
  }

  private static PendingCalls.Key key(long call) {
    return new PendingCalls.Key(new ServerId(2), new Incarnation(1), call);
  }

  /** Remembers what was said to one caller. */
  private static final class Responses extends ServerCallStreamObserver<String> {
    final List<String> said = new ArrayList<>();

    @Override
    public void onNext(String value) {
      said.add(value);
    }

    @Override
    public void onError(Throwable cause) {
      said.add(Status.fromThrowable(cause).getCode().name());
    }

    @Override
    public void onCompleted() {
      said.add("end");
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}

    @Override
    public void disableAutoInboundFlowControl() {}
  }
}
