package chat.server.log;

import chat.server.files.CheckedFile;
import chat.server.replication.Cluster;
import chat.server.replication.Epoch;
import chat.server.replication.HardState;
import chat.server.replication.Incarnation;
import chat.server.replication.LogPosition;
import chat.server.replication.Proposal;
import chat.server.replication.ServerId;
import chat.server.replication.View;
import chat.server.runtime.HardStateStore;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The hard state as one small file that is replaced whole. Confined to one thread. */
public final class HardStateFile implements HardStateStore {
  private static final long MAGIC = 0x4348415453544154L; // "CHATSTAT"
  private static final int VERSION = 1;

  private final CheckedFile file;

  public HardStateFile(Path file) {
    this.file =
        new CheckedFile(
            file,
            MAGIC,
            VERSION,
            "It holds this server's promises and cannot be guessed: keep a copy of the data"
                + " directory, then start the server with an empty one and let an operator replace"
                + " it in the cluster.");
  }

  @Override
  public Optional<HardState> load() throws IOException {
    Optional<ByteBuffer> content = file.read();
    if (content.isEmpty()) {
      return Optional.empty();
    }
    ByteBuffer in = content.get();
    try {
      HardState state = readState(in);
      if (in.hasRemaining()) {
        throw file.damaged();
      }
      return Optional.of(state);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      IOException damaged = file.damaged();
      damaged.initCause(e);
      throw damaged;
    }
  }

  @Override
  public void store(HardState state) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeLong(state.incarnation().value());
    writeView(out, state.view());
    out.writeLong(state.promisedBase().number());
    out.writeLong(state.promisedBallot().number());
    HardState.@Nullable Accepted accepted = state.accepted();
    out.writeBoolean(accepted != null);
    if (accepted != null) {
      out.writeLong(accepted.base().number());
      out.writeLong(accepted.ballot().number());
      writeView(out, accepted.value().view());
      out.writeLong(accepted.value().end().index());
      out.writeLong(accepted.value().end().epoch().number());
      out.writeLong(accepted.value().end().hash());
    }
    out.writeLong(state.highestCounter());
    file.write(bytes.toByteArray());
  }

  private static HardState readState(ByteBuffer in) {
    Incarnation incarnation = new Incarnation(in.getLong());
    View view = readView(in);
    Epoch promisedBase = new Epoch(in.getLong());
    Epoch promisedBallot = new Epoch(in.getLong());
    HardState.@Nullable Accepted accepted = null;
    if (in.get() != 0) {
      Epoch base = new Epoch(in.getLong());
      Epoch ballot = new Epoch(in.getLong());
      View value = readView(in);
      LogPosition end = new LogPosition(in.getLong(), new Epoch(in.getLong()), in.getLong());
      accepted = new HardState.Accepted(base, ballot, new Proposal(value, end));
    }
    return new HardState(incarnation, view, promisedBase, promisedBallot, accepted, in.getLong());
  }

  private static void writeView(DataOutputStream out, View view) throws IOException {
    out.writeLong(view.ballot().number());
    out.writeInt(view.members().size());
    for (Map.Entry<ServerId, Incarnation> member : view.members().entrySet()) {
      out.writeInt(member.getKey().value());
      out.writeLong(member.getValue().value());
    }
    out.writeInt(view.primary().value());
    writeText(out, view.cluster().id());
    out.writeLong(view.cluster().lineage());
    out.writeInt(view.cluster().disks().size());
    for (Map.Entry<ServerId, String> disk : view.cluster().disks().entrySet()) {
      out.writeInt(disk.getKey().value());
      writeText(out, disk.getValue());
    }
  }

  private static View readView(ByteBuffer in) {
    Epoch ballot = new Epoch(in.getLong());
    SortedMap<ServerId, Incarnation> members = new TreeMap<>();
    for (int left = in.getInt(); left > 0; left--) {
      members.put(new ServerId(in.getInt()), new Incarnation(in.getLong()));
    }
    ServerId primary = new ServerId(in.getInt());
    String id = readText(in);
    long lineage = in.getLong();
    SortedMap<ServerId, String> disks = new TreeMap<>();
    for (int left = in.getInt(); left > 0; left--) {
      disks.put(new ServerId(in.getInt()), readText(in));
    }
    return new View(ballot, members, primary, new Cluster(id, lineage, disks));
  }

  private static void writeText(DataOutputStream out, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  private static String readText(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw new IllegalArgumentException("text of " + length + " bytes");
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
