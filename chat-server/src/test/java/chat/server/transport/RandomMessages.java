package chat.server.transport;

import chat.server.replication.Cluster;
import chat.server.replication.Entry;
import chat.server.replication.Envelope;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.Message;
import chat.server.replication.Proposal;
import chat.server.replication.Report;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Messages of every kind, the same for the same seed. */
final class RandomMessages {
  private final Random random;

  RandomMessages(long seed) {
    random = new Random(seed);
  }

  /** One of each kind of request, in no particular order. */
  List<Message.Request> requests() {
    return List.of(
        new Message.Heartbeat(report(), random.nextLong()),
        new Message.PromiseRequest(view(), epoch(), servers(), incarnations()),
        new Message.AcceptRequest(epoch(), epoch(), proposal()),
        new Message.InstallRequest(proposal()),
        append(position(), random.nextInt(20)),
        new Message.FetchRequest(position(), index()),
        new Message.JoinRequest(position()),
        new Message.StillHeardRequest(server()),
        new Message.Goodbye());
  }

  /** Every kind of answer that this request can get; none if it gets none. */
  List<Message.Answer> answersTo(Message.Request request) {
    if (request instanceof Message.Heartbeat m) {
      return List.of(new Message.HeartbeatAnswer(report(), m.sentAtNanos(), random.nextBoolean()));
    } else if (request instanceof Message.PromiseRequest) {
      return List.of(promise(null), promise(accepted()), refusal());
    } else if (request instanceof Message.AcceptRequest) {
      return List.of(new Message.Accepted(epoch(), epoch()), refusal());
    } else if (request instanceof Message.InstallRequest) {
      return List.of(new Message.Installed(epoch()));
    } else if (request instanceof Message.AppendRequest) {
      return List.of(new Message.Appended(epoch(), index()));
    } else if (request instanceof Message.FetchRequest m) {
      return List.of(
          new Message.Fetched(m.after(), entries(m.after(), random.nextInt(20)), index(), index()));
    } else if (request instanceof Message.StillHeardRequest m) {
      return List.of(new Message.StillHeard(m.target()));
    }
    return List.of();
  }

  Message.AppendRequest append(LogPosition previous, int count) {
    return new Message.AppendRequest(epoch(), previous, entries(previous, count), index());
  }

  List<Entry> entries(LogPosition previous, int count) {
    List<Entry> entries = new ArrayList<>();
    LogPosition last = previous;
    for (int i = 0; i < count; i++) {
      byte[] payload = new byte[random.nextInt(3) * random.nextInt(200)];
      random.nextBytes(payload);
      Epoch epoch = new Epoch(last.epoch().number() + random.nextInt(2));
      Entry entry = Entry.following(last, epoch, payload);
      entries.add(entry);
      last = entry.position();
    }
    return entries;
  }

  Envelope.Header header(ServerId from, Incarnation incarnation) {
    return new Envelope.Header(
        random.nextBoolean() ? "" : text(),
        index(),
        "[1, 2, 3]",
        from,
        text(),
        incarnation,
        epoch());
  }

  LogPosition position() {
    return random.nextInt(5) == 0
        ? LogPosition.START
        : new LogPosition(index(), epoch(), random.nextLong());
  }

  private Message.Promise promise(HardState.@Nullable Accepted accepted) {
    return new Message.Promise(
        epoch(), epoch(), epoch(), position(), servers(), servers(), accepted);
  }

  private Message.Refusal refusal() {
    return new Message.Refusal(epoch(), epoch(), view(), epoch(), text());
  }

  private HardState.Accepted accepted() {
    return new HardState.Accepted(epoch(), epoch(), proposal());
  }

  private Proposal proposal() {
    return new Proposal(view(), position());
  }

  private Report report() {
    return new Report(
        index(),
        view(),
        random.nextBoolean(),
        random.nextBoolean(),
        position(),
        index(),
        index(),
        servers(),
        servers(),
        random.nextBoolean() ? "" : "10.0.0.1:7401:7411:7421",
        random.nextBoolean());
  }

  private View view() {
    if (random.nextInt(4) == 0) {
      return View.unborn(new TreeSet<>(List.of(new ServerId(1), new ServerId(7))));
    }
    SortedMap<ServerId, Incarnation> members = incarnations();
    ServerId primary = server();
    members.put(primary, incarnation());
    SortedMap<ServerId, String> disks = new TreeMap<>();
    for (ServerId id : members.keySet()) {
      disks.put(id, text());
    }
    return new View(epoch(), members, primary, new Cluster(text(), index(), disks));
  }

  private SortedMap<ServerId, Incarnation> incarnations() {
    SortedMap<ServerId, Incarnation> incarnations = new TreeMap<>();
    for (ServerId id : servers()) {
      incarnations.put(id, incarnation());
    }
    return incarnations;
  }

  private SortedSet<ServerId> servers() {
    SortedSet<ServerId> servers = new TreeSet<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      servers.add(server());
    }
    return servers;
  }

  private ServerId server() {
    return new ServerId(1 + random.nextInt(255));
  }

  private Incarnation incarnation() {
    return new Incarnation(index());
  }

  private Epoch epoch() {
    return new Epoch(index());
  }

  /** Small, middling and large ones, each as often as the others. */
  private long index() {
    return random.nextLong(1L << (1 + random.nextInt(60)));
  }

  private String text() {
    return "text-ü-" + random.nextInt();
  }
}
