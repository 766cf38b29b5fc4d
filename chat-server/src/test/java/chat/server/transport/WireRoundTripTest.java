package chat.server.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.replication.v1.AcceptRequest;
import chat.replication.v1.AcceptResponse;
import chat.replication.v1.FetchEntriesRequest;
import chat.replication.v1.FetchEntriesResponse;
import chat.replication.v1.GoodbyeRequest;
import chat.replication.v1.HeartbeatRequest;
import chat.replication.v1.HeartbeatResponse;
import chat.replication.v1.InstallViewRequest;
import chat.replication.v1.InstallViewResponse;
import chat.replication.v1.JoinRequest;
import chat.replication.v1.PromiseRequest;
import chat.replication.v1.PromiseResponse;
import chat.replication.v1.ReplicateRequest;
import chat.replication.v1.ReplicateResponse;
import chat.replication.v1.StillHeardRequest;
import chat.replication.v1.StillHeardResponse;
import chat.server.replication.Entry;
import chat.server.replication.Envelope;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.Message;
import chat.server.replication.ServerId;
import java.util.List;
import org.junit.jupiter.api.Test;

class WireRoundTripTest {
  private static final int ROUNDS = 200;

  @Test
  void everyRequestComesBackAsItWasSent() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      RandomMessages random = new RandomMessages(seed);
      for (Message.Request request : random.requests()) {
        Envelope sent = envelope(random, seed, request);
        assertSame(overTheWire(sent, request), sent);
      }
    }
  }

  @Test
  void everyAnswerComesBackAsItWasSent() throws Exception {
    for (int seed = 0; seed < ROUNDS; seed++) {
      RandomMessages random = new RandomMessages(seed);
      for (Message.Request request : random.requests()) {
        for (Message.Answer answer : random.answersTo(request)) {
          Envelope sent = envelope(random, seed, answer);
          assertSame(overTheWire(sent, request, answer), sent);
        }
      }
    }
  }

  @Test
  void payloadOfAParsedMessageIsNotCopied() throws Exception {
    Entry entry =
        Entry.following(
            LogPosition.START, new chat.server.replication.Epoch(1), new byte[] {1, 2, 3});
    ReplicateRequest wire =
        ReplicateRequest.parseFrom(
            ReplicateRequest.newBuilder()
                .addAllEntries(WireLog.encode(List.of(entry)))
                .build()
                .toByteArray());
    byte[] first = WireLog.decode(LogPosition.START, wire.getEntriesList()).get(0).payload();
    byte[] again = WireLog.decode(LogPosition.START, wire.getEntriesList()).get(0).payload();
    assertThat(first).containsExactly(1, 2, 3).isSameAs(again);
  }

  @Test
  void payloadThatIsPartOfALargerArrayIsCopied() {
    byte[] whole = {0, 1, 2, 3, 4};
    com.google.protobuf.ByteString part =
        com.google.protobuf.UnsafeByteOperations.unsafeWrap(whole, 1, 3);
    assertThat(new PayloadBytes().of(part)).containsExactly(1, 2, 3);
    com.google.protobuf.ByteString rope =
        com.google.protobuf.ByteString.copyFrom(new byte[500])
            .concat(com.google.protobuf.ByteString.copyFrom(new byte[300]));
    assertThat(new PayloadBytes().of(rope)).hasSize(800);
  }

  @Test
  void anAnswerOfAnotherCallIsNotEncoded() {
    RandomMessages random = new RandomMessages(1);
    Envelope sent = envelope(random, 1, new Message.StillHeard(new ServerId(3)));
    assertThatThrownBy(() -> WireAnswers.heartbeat(sent))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("HeartbeatAnswer");
  }

  private static Envelope envelope(RandomMessages random, long call, Message message) {
    return new Envelope(
        random.header(new ServerId(2), new Incarnation(5)),
        new ServerId(1),
        message instanceof Message.Request ? Incarnation.NONE : new Incarnation(9),
        call,
        message);
  }

  private static Envelope overTheWire(Envelope e, Message.Request request) throws Exception {
    if (request instanceof Message.Heartbeat m) {
      return WireRequests.decode(
          HeartbeatRequest.parseFrom(WireRequests.encode(e, m).toByteString()));
    } else if (request instanceof Message.PromiseRequest m) {
      return WireRequests.decode(
          PromiseRequest.parseFrom(WireRequests.encode(e, m).toByteString()));
    } else if (request instanceof Message.AcceptRequest m) {
      return WireRequests.decode(AcceptRequest.parseFrom(WireRequests.encode(e, m).toByteString()));
    } else if (request instanceof Message.InstallRequest m) {
      return WireRequests.decode(
          InstallViewRequest.parseFrom(WireRequests.encode(e, m).toByteString()));
    } else if (request instanceof Message.AppendRequest m) {
      return WireRequests.decode(
          ReplicateRequest.parseFrom(WireRequests.encode(e, m).toByteString()));
    } else if (request instanceof Message.FetchRequest m) {
      return WireRequests.decode(
          FetchEntriesRequest.parseFrom(WireRequests.encode(e, m).toByteString()));
    } else if (request instanceof Message.JoinRequest m) {
      return WireRequests.decode(JoinRequest.parseFrom(WireRequests.encode(e, m).toByteString()));
    } else if (request instanceof Message.StillHeardRequest m) {
      return WireRequests.decode(
          StillHeardRequest.parseFrom(WireRequests.encode(e, m).toByteString()));
    }
    return WireRequests.decode(
        GoodbyeRequest.parseFrom(WireRequests.encode(e, (Message.Goodbye) request).toByteString()));
  }

  private static Envelope overTheWire(Envelope e, Message.Request request, Message.Answer answer)
      throws Exception {
    if (request instanceof Message.Heartbeat) {
      return WireAnswers.decode(
          HeartbeatResponse.parseFrom(WireAnswers.heartbeat(e).toByteString()));
    } else if (request instanceof Message.PromiseRequest) {
      return WireAnswers.decode(PromiseResponse.parseFrom(WireAnswers.promise(e).toByteString()));
    } else if (request instanceof Message.AcceptRequest) {
      return WireAnswers.decode(AcceptResponse.parseFrom(WireAnswers.accept(e).toByteString()));
    } else if (request instanceof Message.InstallRequest) {
      return WireAnswers.decode(
          InstallViewResponse.parseFrom(WireAnswers.installView(e).toByteString()));
    } else if (request instanceof Message.FetchRequest) {
      return WireAnswers.decode(
          FetchEntriesResponse.parseFrom(WireAnswers.fetchEntries(e).toByteString()));
    } else if (request instanceof Message.StillHeardRequest) {
      return WireAnswers.decode(
          StillHeardResponse.parseFrom(WireAnswers.stillHeard(e).toByteString()));
    }
    return WireAnswers.decode(
        ReplicateResponse.parseFrom(
            WireAnswers.replicate(e, (Message.Appended) answer).toByteString()));
  }

  /** Entries are equal by position alone, so their payloads are compared beside. */
  static void assertSame(Envelope actual, Envelope expected) {
    assertThat(actual).isEqualTo(expected);
    assertThat(payloads(actual.message())).isDeepEqualTo(payloads(expected.message()));
  }

  private static byte[][] payloads(Message message) {
    List<Entry> entries =
        message instanceof Message.AppendRequest m
            ? m.entries()
            : message instanceof Message.Fetched m ? m.entries() : List.of();
    return entries.stream().map(Entry::payload).toArray(byte[][]::new);
  }
}
