package chat.server.transport;

import chat.server.replication.ServerId;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Who a certificate on the peers' port belongs to: a server, by the DNS name {@code
 * server-N.chat.internal} among its subject alternative names, or an operator, by {@code
 * operator.chat.internal}. No such names are ever looked up; {@code .internal} is reserved for what
 * is nobody else's business.
 *
 * @param server null for an operator
 */
public record PeerName(@Nullable ServerId server) {
  /** In an operator's certificate. */
  public static final String OPERATOR = "operator.chat.internal";

  private static final Pattern SERVER =
      Pattern.compile("server-([1-9][0-9]{0,2})\\.chat\\.internal");
  private static final int DNS_NAME = 2;

  /** The name in a server's certificate. */
  public static String of(ServerId server) {
    return "server-" + server + ".chat.internal";
  }

  /** Reads a certificate that is known to be good; empty if it names nobody, or more than one. */
  static Optional<PeerName> of(X509Certificate certificate) {
    List<PeerName> found = new ArrayList<>();
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      for (List<?> name : names == null ? List.<List<?>>of() : names) {
        if (name.get(0).equals(DNS_NAME)) {
          read(String.valueOf(name.get(1)).toLowerCase(Locale.ROOT)).ifPresent(found::add);
        }
      }
    } catch (CertificateParsingException e) {
      return Optional.empty();
    }
    return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
  }

  private static Optional<PeerName> read(String name) {
    if (name.equals(OPERATOR)) {
      return Optional.of(new PeerName(null));
    }
    Matcher server = SERVER.matcher(name);
    int id = server.matches() ? Integer.parseInt(server.group(1)) : 0;
    return id >= 1 && id <= 255 ? Optional.of(new PeerName(new ServerId(id))) : Optional.empty();
  }

  @Override
  public String toString() {
    return server == null ? "an operator" : "server " + server;
  }
}
