package chat.server.transport;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a certificate, its key and those who vouch for the other side are kept, all in PEM.
 *
 * @param certificate with the chain up to the authority, which itself may be left out
 * @param key of the certificate, PKCS#8 without a password
 * @param authority whose certificates the other side must show; null where it shows none
 */
public record TlsFiles(Path certificate, Path key, @Nullable Path authority) {

  List<Path> all() {
    List<Path> all = new ArrayList<>(List.of(certificate, key));
    if (authority != null) {
      all.add(authority);
    }
    return all;
  }
}
