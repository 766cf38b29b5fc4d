package chat.server.storage;

import chat.server.replication.Epoch;
import chat.server.replication.LogPosition;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UTFDataFormatException;

/**
 * What a snapshot says of itself.
 *
 * @param clusterId whose state it is (R1)
 * @param lineage of that cluster
 * @param position up to where the log is applied in it
 * @param lastTimeMicros the newest stamp applied
 * @param requestDay the day, since 1970, that request ids are being remembered for
 */
public record SnapshotHeader(
    String clusterId, long lineage, LogPosition position, long lastTimeMicros, long requestDay) {

  byte[] encode() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF(clusterId);
    out.writeLong(lineage);
    out.writeLong(position.index());
    out.writeLong(position.epoch().number());
    out.writeLong(position.hash());
    out.writeLong(lastTimeMicros);
    out.writeLong(requestDay);
    return bytes.toByteArray();
  }

  static SnapshotHeader decode(byte[] content) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(content));
    try {
      return new SnapshotHeader(
          in.readUTF(),
          in.readLong(),
          new LogPosition(in.readLong(), new Epoch(in.readLong()), in.readLong()),
          in.readLong(),
          in.readLong());
    } catch (UTFDataFormatException e) {
      throw new IllegalArgumentException("a cluster id that is no text", e);
    }
  }
}
