package chat.server.transport;

import static chat.server.transport.RefusedMessageException.malformed;

import chat.replication.v1.AcceptedProposal;
import chat.replication.v1.ServerDisk;
import chat.replication.v1.ServerIncarnation;
import chat.server.replication.Cluster;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.Proposal;
import chat.server.replication.Report;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Views, and what carries them, to and from the wire. */
final class WireViews {
  private WireViews() {}

  static chat.replication.v1.View encode(View view) {
    return chat.replication.v1.View.newBuilder()
        .setBallot(view.ballot().number())
        .addAllMembers(encode(view.members()))
        .setPrimaryId(view.primary().value())
        .setCluster(encode(view.cluster()))
        .build();
  }

  static View decode(chat.replication.v1.View view, String field) throws RefusedMessageException {
    WireChecks.present(view.hasCluster(), field + ".cluster");
    SortedMap<ServerId, Incarnation> members =
        WireChecks.incarnations(view.getMembersList(), field + ".members");
    ServerId primary = WireChecks.server(view.getPrimaryId(), field + ".primary_id");
    if (!members.containsKey(primary)) {
      throw malformed(field + ".primary_id " + primary + " is not one of " + members.keySet());
    }
    return new View(
        WireChecks.epoch(view.getBallot(), field + ".ballot"),
        members,
        primary,
        decode(view.getCluster(), field + ".cluster"));
  }

  static List<ServerIncarnation> encode(Map<ServerId, Incarnation> incarnations) {
    List<ServerIncarnation> encoded = new ArrayList<>();
    incarnations.forEach(
        (id, incarnation) ->
            encoded.add(
                ServerIncarnation.newBuilder()
                    .setServerId(id.value())
                    .setIncarnation(incarnation.value())
                    .build()));
    return encoded;
  }

  static List<Integer> encode(Collection<ServerId> servers) {
    return servers.stream().map(ServerId::value).toList();
  }

  static chat.replication.v1.Cluster encode(Cluster cluster) {
    chat.replication.v1.Cluster.Builder encoded =
        chat.replication.v1.Cluster.newBuilder()
            .setClusterId(cluster.id())
            .setLineage(cluster.lineage());
    cluster
        .disks()
        .forEach(
            (id, disk) ->
                encoded.addDisks(
                    ServerDisk.newBuilder().setServerId(id.value()).setDiskId(disk).build()));
    return encoded.build();
  }

  static Cluster decode(chat.replication.v1.Cluster cluster, String field)
      throws RefusedMessageException {
    SortedMap<ServerId, String> disks = new TreeMap<>();
    for (ServerDisk disk : cluster.getDisksList()) {
      ServerId id = WireChecks.server(disk.getServerId(), field + ".disks");
      if (disks.put(id, WireChecks.text(disk.getDiskId(), field + ".disks")) != null) {
        throw malformed(field + ".disks names " + id + " twice");
      }
    }
    return new Cluster(
        WireChecks.text(cluster.getClusterId(), field + ".cluster_id"),
        WireChecks.index(cluster.getLineage(), field + ".lineage"),
        disks);
  }

  static chat.replication.v1.Proposal encode(Proposal value) {
    return chat.replication.v1.Proposal.newBuilder()
        .setView(encode(value.view()))
        .setEnd(WireLog.encode(value.end()))
        .build();
  }

  static Proposal decode(chat.replication.v1.Proposal value, String field)
      throws RefusedMessageException {
    WireChecks.present(value.hasView(), field + ".view");
    WireChecks.present(value.hasEnd(), field + ".end");
    return new Proposal(
        decode(value.getView(), field + ".view"), WireLog.decode(value.getEnd(), field + ".end"));
  }

  static AcceptedProposal encode(HardState.Accepted accepted) {
    return AcceptedProposal.newBuilder()
        .setBase(accepted.base().number())
        .setBallot(accepted.ballot().number())
        .setValue(encode(accepted.value()))
        .build();
  }

  static HardState.Accepted decode(AcceptedProposal accepted, String field)
      throws RefusedMessageException {
    WireChecks.present(accepted.hasValue(), field + ".value");
    return new HardState.Accepted(
        WireChecks.epoch(accepted.getBase(), field + ".base"),
        WireChecks.epoch(accepted.getBallot(), field + ".ballot"),
        decode(accepted.getValue(), field + ".value"));
  }

  static chat.replication.v1.Report encode(Report report) {
    return chat.replication.v1.Report.newBuilder()
        .setSequence(report.sequence())
        .setView(encode(report.view()))
        .setPromised(report.promised())
        .setActive(report.active())
        .setDurable(WireLog.encode(report.durable()))
        .setCommitIndex(report.commitIndex())
        .setAppliedIndex(report.appliedIndex())
        .addAllNotEchoedIds(encode(report.notEchoed()))
        .addAllUnheardIds(encode(report.unheard()))
        .setAddress(report.address())
        .setDiskLow(report.diskLow())
        .build();
  }

  static Report decode(chat.replication.v1.Report report, String field)
      throws RefusedMessageException {
    WireChecks.present(report.hasView(), field + ".view");
    WireChecks.present(report.hasDurable(), field + ".durable");
    return new Report(
        WireChecks.index(report.getSequence(), field + ".sequence"),
        decode(report.getView(), field + ".view"),
        report.getPromised(),
        report.getActive(),
        WireLog.decode(report.getDurable(), field + ".durable"),
        WireChecks.index(report.getCommitIndex(), field + ".commit_index"),
        WireChecks.index(report.getAppliedIndex(), field + ".applied_index"),
        WireChecks.servers(report.getNotEchoedIdsList(), field + ".not_echoed_ids"),
        WireChecks.servers(report.getUnheardIdsList(), field + ".unheard_ids"),
        WireChecks.text(report.getAddress(), field + ".address"),
        report.getDiskLow());
  }
}
