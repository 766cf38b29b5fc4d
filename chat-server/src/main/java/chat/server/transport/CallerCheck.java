package chat.server.transport;

import static chat.server.transport.RefusedMessageException.unwelcome;

import chat.replication.v1.ReplicationServiceGrpc;
import chat.server.replication.ServerId;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * Knows the callers on the peers' port by their certificates, and lets each call what is its: other
 * servers the replication, operators the operators' service. That a server's messages are its own
 * is then checked for each of them. Thread-safe.
 */
final class CallerCheck extends ServerTransportFilter implements ServerInterceptor {
  private static final Attributes.Key<PeerName> NAME = Attributes.Key.create("chat-peer-name");
  private static final Context.Key<ServerId> SENDER = Context.key("chat-sender");

  private final RefusalLog refusals;

  CallerCheck(RefusalLog refusals) {
    this.refusals = refusals;
  }

  /**
   * Refuses what the server at the other end of this call's connection says in another one's name.
   * On a port without certificates everybody is believed.
   */
  static void requireSender(ServerId from) throws RefusedMessageException {
    ServerId sender = SENDER.get();
    if (sender != null && !sender.equals(from)) {
      throw unwelcome(
          "a message of server " + from + " came with server " + sender + "'s certificate");
    }
  }

  /** Once a connection, after its handshake. */
  @Override
  public Attributes transportReady(Attributes transport) {
    PeerName name = name(transport.get(Grpc.TRANSPORT_ATTR_SSL_SESSION)).orElse(null);
    return name == null ? transport : transport.toBuilder().set(NAME, name).build();
  }

  private static Optional<PeerName> name(@Nullable SSLSession session) {
    if (session == null) {
      return Optional.empty();
    }
    try {
      Certificate[] chain = session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate certificate
          ? PeerName.of(certificate)
          : Optional.empty();
    } catch (SSLPeerUnverifiedException e) {
      return Optional.empty();
    }
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    PeerName name = call.getAttributes().get(NAME);
    boolean forServers =
        ReplicationServiceGrpc.SERVICE_NAME.equals(call.getMethodDescriptor().getServiceName());
    if (name == null || forServers == (name.server() == null)) {
      String text =
          (name == null ? "a certificate that names no server and no operator" : name.toString())
              + " may not call "
              + call.getMethodDescriptor().getFullMethodName();
      refusals.say("refused a call: " + text);
      call.close(Status.PERMISSION_DENIED.withDescription(text), new Metadata());
      return new ServerCall.Listener<>() {};
    }
    ServerId server = name.server();
    return server == null
        ? next.startCall(call, headers)
        : Contexts.interceptCall(Context.current().withValue(SENDER, server), call, headers, next);
  }
}
