package chat.server;

import chat.v1.ChatServiceGrpc;
import chat.v1.ChatServiceGrpc.ChatServiceBlockingStub;
import chat.v1.CreateAccountRequest;
import chat.v1.FetchMessagesRequest;
import chat.v1.GetClusterStatusRequest;
import chat.v1.ListAccountsRequest;
import chat.v1.LoginRequest;
import chat.v1.ReceiveMessagesRequest;
import chat.v1.SendMessageRequest;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Two servers in this process and a user, for a moment: what they load is what {@code
 * run/class-archive.sh} makes an archive of. Fails if they do not serve.
 */
final class Rehearsal {
  private static final int SERVERS = 2;
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(2);

  private Rehearsal() {}

  /** Plays it. The argument is a directory for its data, for the caller to delete. */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    int[] ports = freePorts(3 * SERVERS);
    List<String> members = new ArrayList<>();
    for (int n = 1; n <= SERVERS; n++) {
      int first = 3 * (n - 1);
      members.add(
          n + "=127.0.0.1:" + ports[first] + ":" + ports[first + 1] + ":" + ports[first + 2]);
    }
    for (int n = 1; n <= SERVERS; n++) {
      start(n, String.join(",", members), folder.resolve("server-" + n));
    }
    // The highest one stands first.
    chat("127.0.0.1:" + ports[3 * (SERVERS - 1)]);
    System.exit(0);
  }

  private static int[] freePorts(int count) throws IOException {
    int[] ports = new int[count];
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        sockets.add(socket);
        ports[i] = socket.getLocalPort();
      }
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
    return ports;
  }

  private static void start(int number, String members, Path data) {
    String[] flags = {
      Integer.toString(number),
      "--cluster",
      members,
      "--data",
      data.toString(),
      "--log-level",
      "error",
      "--password-memory-kib",
      "64",
      "--password-iterations",
      "1"
    };
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    Thread thread =
        new Thread(() -> Main.run(new ServerCommand(), flags, err), "rehearsal-" + number);
    thread.setDaemon(true);
    thread.start();
  }

  private static void chat(String address) {
    ManagedChannel channel =
        Grpc.newChannelBuilder(address, InsecureChannelCredentials.create()).build();
    try {
      ChatServiceBlockingStub stub = ChatServiceGrpc.newBlockingStub(channel).withWaitForReady();
      create(stub);
      // Or one that is not answered would play for ever, in the background.
      stub = stub.withDeadlineAfter(PATIENCE_NANOS, TimeUnit.NANOSECONDS);
      String token =
          stub.login(
                  LoginRequest.newBuilder().setUsername("alice").setPassword("rehearsed").build())
              .getSessionToken();
      Metadata metadata = new Metadata();
      metadata.put(
          Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + token);
      stub = stub.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
      stub.sendMessage(
          SendMessageRequest.newBuilder()
              .setRecipient("alice")
              .setText("hello")
              .setRequestId("rehearsed-1")
              .build());
      stub.receiveMessages(ReceiveMessagesRequest.getDefaultInstance()).next();
      stub.fetchMessages(FetchMessagesRequest.getDefaultInstance());
      stub.listAccounts(ListAccountsRequest.newBuilder().setFilter("a*").build());
      stub.getClusterStatus(GetClusterStatusRequest.getDefaultInstance());
    } finally {
      channel.shutdownNow();
    }
  }

  /** Until there is a primary. */
  private static void create(ChatServiceBlockingStub stub) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        stub.withDeadlineAfter(20, TimeUnit.SECONDS)
            .createAccount(
                CreateAccountRequest.newBuilder()
                    .setUsername("alice")
                    .setPassword("rehearsed")
                    .setRequestId("rehearsed-0")
                    .build());
        return;
      } catch (StatusRuntimeException e) {
        if (System.nanoTime() - deadline > 0) {
          throw e;
        }
      }
    }
  }
}
