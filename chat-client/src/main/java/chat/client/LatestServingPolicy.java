package chat.client;

import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sends every call to the server that turned SERVING last. Only the acting primary reports SERVING;
 * an old primary that is frozen cannot take it back, and {@code round_robin} would go on giving it
 * half of the calls. Connections are kept to all servers, so that a new primary is heard at once.
 * Confined to the channel's synchronization context. The health checks are gRPC's own: READY here
 * means connected and SERVING.
 */
final class LatestServingPolicy extends LoadBalancer {
  private final Helper helper;
  private final Map<EquivalentAddressGroup, Subchannel> servers = new LinkedHashMap<>();

  /** The servers that are READY, the one that turned so last first. */
  private final Deque<Subchannel> serving = new ArrayDeque<>();

  LatestServingPolicy(Helper helper) {
    this.helper = helper;
  }

  @Override
  public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
    Set<EquivalentAddressGroup> wanted = new HashSet<>(resolved.getAddresses());
    List<EquivalentAddressGroup> gone = new ArrayList<>(servers.keySet());
    gone.removeAll(wanted);
    for (EquivalentAddressGroup address : gone) {
      Subchannel subchannel = servers.remove(address);
      if (subchannel != null) {
        serving.remove(subchannel);
        subchannel.shutdown();
      }
    }
    for (EquivalentAddressGroup address : resolved.getAddresses()) {
      if (!servers.containsKey(address)) {
        add(address);
      }
    }
    publish();
    return Status.OK;
  }

  private void add(EquivalentAddressGroup address) {
    Subchannel subchannel =
        helper.createSubchannel(
            CreateSubchannelArgs.newBuilder().setAddresses(List.of(address)).build());
    servers.put(address, subchannel);
    subchannel.start(state -> stateChanged(subchannel, state));
    subchannel.requestConnection();
  }

  private void stateChanged(Subchannel subchannel, ConnectivityStateInfo state) {
    if (!servers.containsValue(subchannel)) {
      return;
    }
    boolean wasServing = serving.remove(subchannel);
    switch (state.getState()) {
      case READY -> serving.addFirst(subchannel);
      case IDLE -> subchannel.requestConnection();
      case TRANSIENT_FAILURE -> {
        if (!wasServing) {
          // Its name may have a new address. Not at every flip of health: nothing moved then.
          helper.refreshNameResolution();
        }
      }
      case CONNECTING, SHUTDOWN -> {
        // Nothing to do but wait, or to forget it.
      }
    }
    publish();
  }

  private void publish() {
    Subchannel latest = serving.peekFirst();
    if (latest != null) {
      helper.updateBalancingState(
          ConnectivityState.READY, new FixedResultPicker(PickResult.withSubchannel(latest)));
    } else {
      // Not a failure, whatever the servers say: a primary is always about to be chosen. Calls
      // wait for it until their deadline.
      helper.updateBalancingState(
          ConnectivityState.CONNECTING, new FixedResultPicker(PickResult.withNoResult()));
    }
  }

  @Override
  public void handleNameResolutionError(Status error) {
    // The servers that are known may still do; if none is, calls wait for the next look-up.
    publish();
  }

  @Override
  public void requestConnection() {
    servers.values().forEach(Subchannel::requestConnection);
  }

  @Override
  public void shutdown() {
    servers.values().forEach(Subchannel::shutdown);
    servers.clear();
    serving.clear();
  }
}
