package chat.server;

import chat.server.transport.TlsFiles;
import chat.server.transport.TlsMaterial;
import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** How the operators' tools connect. Stateless. */
final class ClientSideTls {
  private ClientSideTls() {}

  /** To clients' ports, whose certificates an authority vouches for; without one, unencrypted. */
  static ChannelCredentials toClientPorts(@Nullable Path authority) throws IOException {
    return authority == null
        ? InsecureChannelCredentials.create()
        : TlsChannelCredentials.newBuilder().trustManager(authority.toFile()).build();
  }

  /** To peer ports, as an operator. */
  static ChannelCredentials toPeerPorts(@Nullable TlsFiles operator) {
    if (operator == null) {
      return InsecureChannelCredentials.create();
    }
    try {
      // Its look-out for changed files ends with the process, which is a command's.
      return TlsMaterial.openForAnyName(operator).forClient();
    } catch (IOException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }
}
