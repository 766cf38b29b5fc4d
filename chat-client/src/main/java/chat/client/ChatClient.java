package chat.client;

import chat.v1.ChatServiceGrpc;
import chat.v1.CreateAccountRequest;
import chat.v1.LoginRequest;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A client of the chat service: knows the servers, finds the primary among them, and outlives it.
 * What a caller sees of a failover is time; what it sees at the end of its patience is {@link
 * OutcomeUnknownException}, with an id to ask again with.
 *
 * <pre>{@code
 * try (ChatClient client = ChatClient.connect("127.0.0.1:7401", "127.0.0.1:7402")) {
 *   ChatSession alice = client.login("alice", password).session();
 *   alice.send("bob", "hello");
 * }
 * }</pre>
 *
 * <p>Nothing is connected before the first call. Thread-safe.
 */
public final class ChatClient implements AutoCloseable {
  private final Connections connections;
  private final RequestIds requestIds = new RequestIds();

  private ChatClient(Connections connections) {
    this.connections = connections;
  }

  /**
   * A client of these servers with the usual figures. One address is enough to begin with: the
   * others are learned from it.
   *
   * @param servers each {@code HOST:PORT} or {@code HOST}, or several separated by commas; a host
   *     is a name, which may have several addresses, an IPv4 address or an IPv6 address in brackets
   * @throws IllegalArgumentException if one of them is no address
   */
  public static ChatClient connect(String... servers) {
    return builder().servers(servers).build();
  }

  public static Builder builder() {
    return new Builder();
  }

  /** Makes an account. */
  public void createAccount(String username, String password) {
    createAccount(username, password, requestIds.next());
  }

  /** The same with an id of the caller's, to ask again about an unknown outcome. */
  public void createAccount(String username, String password, String requestId) {
    Answers.await(
        connections.call(
            connections.primaryChannel(null),
            ChatServiceGrpc.getCreateAccountMethod(),
            CreateAccountRequest.newBuilder()
                .setUsername(username)
                .setPassword(password)
                .setRequestId(requestId)
                .build(),
            requestId,
            response -> response),
        requestId);
  }

  /** Opens a session; refused with {@code ALREADY_LOGGED_IN} while another is in use. */
  public Login login(String username, String password) {
    return login(username, password, false);
  }

  /**
   * Opens a session.
   *
   * @param takeOver end the other one even if it is in use
   */
  public Login login(String username, String password, boolean takeOver) {
    return Answers.await(
        connections.call(
            connections.primaryChannel(null),
            ChatServiceGrpc.getLoginMethod(),
            LoginRequest.newBuilder()
                .setUsername(username)
                .setPassword(password)
                .setTakeOver(takeOver)
                .build(),
            null,
            response ->
                new Login(
                    resume(username, Wire.sessionToken(response.getSessionToken())),
                    Wire.instant(response.getExpireTime()),
                    response.getUndeliveredCount())),
        "");
  }

  /** A session that was opened before, by its token. Asks nobody: the first call will tell. */
  public ChatSession resume(String username, String token) {
    return new ChatSession(connections, requestIds, username, token);
  }

  /**
   * What the cluster is, as any live server sees it; answers also when there is no primary.
   *
   * @throws ChatException if no server answers
   */
  public ClusterStatus clusterStatus() {
    return Answers.await(connections.clusterStatus(), "");
  }

  /** Whether some server says right now that it is the primary. Connects if nothing has yet. */
  public boolean isPrimaryKnown() {
    return connections.primaryKnown();
  }

  /**
   * Ends every call and stream of this client, and its connections, for which it waits half a
   * second at most. Sessions go on in the cluster.
   */
  @Override
  public void close() {
    connections.close();
  }

  /** Figures of a client. Not thread-safe. */
  public static final class Builder {
    private final List<String> servers = new ArrayList<>();
    private CallTimes times = CallTimes.DEFAULT;
    private int sendsInFlightMax = 1024;
    private ServerDirectory.NameLookup nameLookup = InetAddress::getAllByName;
    private ClientTls tls = ClientTls.NONE;

    private Builder() {}

    /** Adds servers, each {@code HOST:PORT} or {@code HOST}, or several separated by commas. */
    public Builder servers(String... addresses) {
      for (String list : addresses) {
        servers.addAll(Arrays.asList(list.split(",", -1)));
      }
      return this;
    }

    /** How long a call may take, all its attempts together; 15 s unless given. */
    public Builder callTimeout(Duration whole) {
      times = times.withWhole(whole);
      return this;
    }

    /** How long one attempt may take before it is repeated; 2 s unless given. */
    public Builder attemptTimeout(Duration attempt) {
      times = times.withAttempt(attempt);
      return this;
    }

    /** How long a stream may be silent before it is opened again; 3 s unless given. */
    public Builder streamSilence(Duration silence) {
      times = times.withStreamDead(silence);
      return this;
    }

    /** How many messages of {@link ChatSession#sendAsync} may be on the way; 1,024 unless given. */
    public Builder sendsInFlight(int most) {
      if (most < 1) {
        throw new IllegalArgumentException("At least 1 message on the way, not " + most);
      }
      sendsInFlightMax = most;
      return this;
    }

    /** Where names are looked up; the system's own way unless given. */
    Builder nameLookup(ServerDirectory.NameLookup other) {
      nameLookup = other;
      return this;
    }

    /** Encrypts, and trusts the authorities that this machine trusts anyway. */
    public Builder tls() {
      tls = tls.withUsualAuthorities();
      return this;
    }

    /**
     * Encrypts, and trusts the authorities in a PEM file alone.
     *
     * @throws UncheckedIOException if it cannot be read
     */
    public Builder tls(Path authorities) {
      tls = tls.withAuthorities(authorities);
      return this;
    }

    /** The name that every server's certificate must bear, where it is not its address's host. */
    public Builder tlsName(String name) {
      tls = tls.withName(name);
      return this;
    }

    /** Makes the client, which connects when it is first used. */
    public ChatClient build() {
      ServerDirectory directory = new ServerDirectory(servers, nameLookup);
      return new ChatClient(new Connections(directory, times, tls, sendsInFlightMax));
    }
  }
}
