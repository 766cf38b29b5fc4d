package chat.server.api;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.Locale;

/**
 * Takes the session token out of {@code authorization: Bearer TOKEN} and leaves its hash in the
 * call's context, with the address that it comes from. It refuses nothing: which calls need a
 * session, and whether this server is the one to ask, is decided behind it. Thread-safe.
 */
final class SessionInterceptor implements ServerInterceptor {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final String SCHEME = "bearer ";

  /** Longer than any token of ours; what is longer is not worth hashing. */
  private static final int TOKEN_CHARS_MAX = 256;

  private static final Context.Key<Caller> CALLER =
      Context.keyWithDefault("chat-caller", new Caller(null, null, () -> true));

  /** Who makes the current call; asked on the thread that the call arrives on. */
  static Caller current() {
    return CALLER.get();
  }

  @Override
  public <ReqT, RespT> ServerCall.Listener<ReqT> interceptCall(
      ServerCall<ReqT, RespT> call, Metadata headers, ServerCallHandler<ReqT, RespT> next) {
    String value = headers.get(AUTHORIZATION);
    String token = value == null ? "" : token(value);
    boolean usable = !token.isEmpty() && token.length() <= TOKEN_CHARS_MAX;
    Context itsOwn = Context.current();
    Caller caller =
        new Caller(
            usable ? SessionKey.ofToken(token) : null,
            call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR),
            () -> !itsOwn.isCancelled());
    Context context = itsOwn.withValue(CALLER, caller);
    return Contexts.interceptCall(context, call, headers, next);
  }

  private static String token(String value) {
    // The scheme's name has no case (RFC 9110, 11.1).
    boolean bearer =
        value.length() > SCHEME.length()
            && value.substring(0, SCHEME.length()).toLowerCase(Locale.ROOT).equals(SCHEME);
    return bearer ? value.substring(SCHEME.length()).trim() : "";
  }
}
