package chat.client;

import java.util.List;

/** Where the processes of a test live. */
public enum Hosts {
  /** Each host is a namespace of a {@link NetworkNamespaces}, which must be there. */
  NAMESPACES {
    @Override
    public String address(int host) {
      return NetworkNamespaces.address(host);
    }

    @Override
    public List<String> on(int host, List<String> command) {
      return NetworkNamespaces.on(host, command);
    }
  },

  /** Each host is an address of the loopback interface: for whoever is not root. */
  LOOPBACK {
    @Override
    public String address(int host) {
      return "127.77.0." + host;
    }

    @Override
    public List<String> on(int host, List<String> command) {
      return command;
    }
  };

  /** A host's address. */
  public abstract String address(int host);

  /** The command that runs another on a host; it becomes that process. */
  public abstract List<String> on(int host, List<String> command);
}
