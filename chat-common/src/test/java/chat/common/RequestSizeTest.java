package chat.common;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.StatusRuntimeException;
import org.junit.jupiter.api.Test;

class RequestSizeTest {
  private static final int MAX = 100;

  private final ServerStreamTracer size =
      RequestSize.FACTORY.newServerStreamTracer("a.Service/Method", new Metadata());
  private final Call call = new Call();

  /** Counts refusals; a thread that gives an answer may hold them up. */
  private static final class Call implements RequestSize.Bounded {
    int refusals;
    boolean isAnswering;

    @Override
    public int readBytesMax() {
      return MAX;
    }

    @Override
    public boolean refuseTooLarge() {
      refusals++;
      return !isAnswering;
    }
  }

  private void begin() {
    size.filterContext(Context.ROOT).run(() -> RequestSize.bound(call));
    size.inboundMessage(0);
  }

  @Test
  void eachRequestIsCountedByItself() {
    begin();
    size.inboundWireSize(60);
    size.inboundWireSize(40);
    size.inboundMessage(1);
    size.inboundWireSize(100);
    assertThat(call.refusals).isZero();
    assertThatThrownBy(() -> size.inboundWireSize(1)).isInstanceOf(StatusRuntimeException.class);
    assertThat(call.refusals).isEqualTo(1);
  }

  @Test
  void theTransportEndsTheCallAfterTheRefusal() {
    begin();
    call.isAnswering = true;
    assertThatCode(() -> size.inboundWireSize(150)).doesNotThrowAnyException();
    call.isAnswering = false;
    assertThatThrownBy(() -> size.inboundWireSize(1)).isInstanceOf(StatusRuntimeException.class);
  }

  @Test
  void aRefusalThatDoesNotGoOutIsNotWaitedForForEver() {
    begin();
    call.isAnswering = true;
    assertThatCode(() -> size.inboundWireSize(MAX + (1 << 20))).doesNotThrowAnyException();
    assertThatThrownBy(() -> size.inboundWireSize(1)).isInstanceOf(StatusRuntimeException.class);
  }

  @Test
  void aCallOfAServiceThatIsNotCheckedIsNotRefused() {
    size.inboundMessage(0);
    assertThatCode(() -> size.inboundWireSize(1_000)).doesNotThrowAnyException();
  }
}
