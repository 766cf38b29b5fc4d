package chat.server.transport;

import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.THREE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.eventually;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static org.assertj.core.api.Assertions.assertThat;

import chat.replication.v1.ReplicationServiceGrpc;
import chat.server.fuzz.Fuzz;
import chat.server.fuzz.FuzzedMessages;
import chat.server.fuzz.RawCalls;
import chat.server.replication.Message.StillHeard;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What servers say to each other, as no server of ours says it. */
@Timeout(300)
class PeerFuzzTest {
  private static final List<String> NUMBERS =
      List.of(
          "incarnation",
          "epoch",
          "index",
          "call",
          "ballot",
          "base",
          "lineage",
          "view",
          "commit_index",
          "up_to_index",
          "durable_index",
          "applied_index");

  private static final int IN_FLIGHT = 64;

  private final long seed = Fuzz.seed(PeerFuzzTest.class);
  private final Random dice = new Random(seed);
  private final FuzzedMessages messages = messages();

  private FuzzedMessages messages() {
    FuzzedMessages fuzzed = new FuzzedMessages(dice);
    fuzzed.know("protocol_version", WireHeaders.PROTOCOL_VERSION);
    fuzzed.know("from_id", 2);
    fuzzed.know("to_id", 1);
    for (String id : List.of("server_id", "target_id", "primary_id", "participant_ids")) {
      fuzzed.know(id, 1);
      fuzzed.know(id, 2);
      fuzzed.know(id, 200);
    }
    for (String number : NUMBERS) {
      fuzzed.know(number, 0);
      fuzzed.know(number, 1);
      fuzzed.know(number, 1 << 20);
    }
    return fuzzed;
  }

  @Test
  void decodersRefuseAndNeverThrowAnythingElse() throws Exception {
    List<Method> decoders = new ArrayList<>();
    for (Class<?> wire : List.of(WireRequests.class, WireAnswers.class)) {
      for (Method method : wire.getDeclaredMethods()) {
        if (method.getName().equals("decode")
            && method.getParameterCount() == 1
            && Message.class.isAssignableFrom(method.getParameterTypes()[0])) {
          method.setAccessible(true);
          decoders.add(method);
        }
      }
    }
    decoders.sort(Comparator.comparing(Method::toString));
    assertThat(decoders).hasSizeGreaterThan(14);
    int decoded = 0;
    for (int round = 0; round < Fuzz.cases(34); round++) {
      Method decoder = decoders.get(dice.nextInt(decoders.size()));
      Message type = defaultInstance(decoder.getParameterTypes()[0]);
      Message message;
      try {
        byte[] bytes = messages.message(type.getDescriptorForType()).toByteArray();
        message = type.newBuilderForType().mergeFrom(bytes).build();
      } catch (InvalidProtocolBufferException e) {
        // A field that is not known was one.
        continue;
      }
      try {
        assertThat(decoder.invoke(null, message)).isNotNull();
        decoded++;
      } catch (InvocationTargetException e) {
        if (!(e.getCause() instanceof RefusedMessageException)) {
          throw Fuzz.failed(seed, round, e);
        }
      }
    }
    System.out.println("PeerFuzzTest: " + decoded + " messages decoded");
    assertThat(decoded).isPositive();
  }

  private static Message defaultInstance(Class<?> type) throws ReflectiveOperationException {
    return (Message) type.getMethod("getDefaultInstance").invoke(null);
  }

  @Test
  void callsEndInWordsOrWaitForTheCore() throws Exception {
    Harness.Inbox inbox = new Harness.Inbox();
    int port = freePort();
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
    try (GrpcPeerNetwork one =
        new GrpcPeerNetwork(
            ONE, local(port), Map.of(TWO, local(freePort()), THREE, local(freePort())))) {
      // Right for one method, and to the others the answer of another question.
      inbox.onRequest =
          received -> one.send(Harness.answer(received, new StillHeard(received.from())));
      one.start(inbox);
      RawCalls calls = new RawCalls(channel);
      Map<Status.Code, Integer> ends = new EnumMap<>(Status.Code.class);
      Deque<CompletableFuture<RawCalls.Answer>> pending = new ArrayDeque<>();
      List<MethodDescriptor<?, ?>> methods =
          List.copyOf(ReplicationServiceGrpc.getServiceDescriptor().getMethods());
      int cases = Fuzz.cases(2);
      for (int round = 0; round < cases; round++) {
        pending.add(ask(calls, methods.get(dice.nextInt(methods.size()))));
        while (pending.size() > (round == cases - 1 ? 0 : IN_FLIGHT)) {
          RawCalls.Answer answer = pending.remove().get(60, TimeUnit.SECONDS);
          ends.merge(answer.status().getCode(), 1, Integer::sum);
          assertThat(answer.status().getCode())
              .as("seed %d, about case %d: %s", seed, round, answer.status())
              .isNotIn(Status.Code.INTERNAL, Status.Code.UNKNOWN);
        }
      }
      System.out.println("PeerFuzzTest: " + cases + " calls ended " + ends);
      assertThat(ends).containsKey(Status.Code.INVALID_ARGUMENT);
      eventually().until(() -> one.waiting() == 0);
    } finally {
      channel.shutdownNow();
    }
  }

  /** The deadline is for those few that pass the checks and have no answer. */
  private CompletableFuture<RawCalls.Answer> ask(RawCalls calls, MethodDescriptor<?, ?> method) {
    Descriptor type =
        ((ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
            .getMethodDescriptor()
            .getInputType();
    List<byte[]> requests = new ArrayList<>();
    for (int left = method.getType().clientSendsOneMessage() ? 1 : dice.nextInt(4);
        left > 0;
        left--) {
      requests.add(messages.bytes(type));
    }
    CallOptions within = CallOptions.DEFAULT.withDeadlineAfter(2, TimeUnit.SECONDS);
    return calls.call(method, within, new Metadata(), requests, 10);
  }
}
