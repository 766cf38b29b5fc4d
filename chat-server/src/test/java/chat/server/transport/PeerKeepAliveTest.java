package chat.server.transport;

import static chat.server.transport.Harness.ONE;
import static chat.server.transport.Harness.TWO;
import static chat.server.transport.Harness.freePort;
import static chat.server.transport.Harness.local;
import static org.assertj.core.api.Assertions.assertThat;

import chat.replication.v1.ReplicationServiceGrpc;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever waits long for an answer of a peer's port asks whether it is still there. */
@Timeout(60)
class PeerKeepAliveTest {
  /** gRPC forgives three that come too soon. */
  private static final int PINGS = 5;

  private static final int HEADERS = 1;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GO_AWAY = 7;
  private static final int ACKNOWLEDGED = 1;
  private static final int END_OF_HEADERS = 4;

  /** A snapshot of a large state takes minutes to write, and a client's library asks all along. */
  @Test
  void aCallThatIsNotAnsweredForLongIsNotEndedForAsking() throws Exception {
    int port = freePort();
    try (GrpcPeerNetwork one =
            new GrpcPeerNetwork(ONE, local(port), Map.of(TWO, local(freePort())));
        Socket socket = new Socket()) {
      one.start(new Harness.Inbox());
      socket.connect(local(port));
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      send(out, SETTINGS, 0, 0, new byte[0]);
      send(out, HEADERS, END_OF_HEADERS, 1, callThatIsNeverAnswered());
      for (int i = 0; i < PINGS; i++) {
        send(out, PING, 0, 0, new byte[8]);
        // As often as is permitted; a library does it ten times less often.
        TimeUnit.MILLISECONDS.sleep(1_100);
      }
      assertThat(pingsAnswered(new DataInputStream(socket.getInputStream()))).isEqualTo(PINGS);
    }
  }

  private static int pingsAnswered(DataInputStream in) throws IOException {
    int answered = 0;
    int type = 0;
    while (answered < PINGS && type != GO_AWAY) {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      in.skipNBytes(Integer.BYTES + (long) length);
      answered += type == PING && (flags & ACKNOWLEDGED) != 0 ? 1 : 0;
    }
    return answered;
  }

  private static void send(DataOutputStream out, int type, int flags, int stream, byte[] payload)
      throws IOException {
    out.writeByte(0);
    out.writeShort(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
    out.flush();
  }

  /** A stream of entries on which none comes; its headers in HPACK, without any compression. */
  private static byte[] callThatIsNeverAnswered() {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.write(0x83); // :method POST
    block.write(0x86); // :scheme http
    block.write(0x04); // :path
    text(block, "/" + ReplicationServiceGrpc.getReplicateMethod().getFullMethodName());
    block.write(0x01); // :authority
    text(block, "localhost");
    block.write(0x00);
    text(block, "content-type");
    text(block, "application/grpc");
    block.write(0x00);
    text(block, "te");
    text(block, "trailers");
    return block.toByteArray();
  }

  private static void text(ByteArrayOutputStream block, String text) {
    block.write(text.length());
    block.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }
}
