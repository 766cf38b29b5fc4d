package chat.server.replication;

import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * One entry of the log: an opaque command and its position. The payload belongs to the entry:
 * nobody changes it.
 */
public record Entry(LogPosition position, byte[] payload) {
  /** The entry that follows {@code previous}; computes the running hash. */
  public static Entry following(LogPosition previous, Epoch epoch, byte[] payload) {
    long index = previous.index() + 1;
    return new Entry(
        new LogPosition(index, epoch, hash(previous.hash(), index, epoch, payload)), payload);
  }

  /**
   * Whether this entry is what {@link #following} makes of its own payload after {@code previous}.
   */
  public boolean follows(LogPosition previous) {
    return position.index() == previous.index() + 1
        && position.hash() == hash(previous.hash(), position.index(), position.epoch(), payload);
  }

  public long index() {
    return position.index();
  }

  public Epoch epoch() {
    return position.epoch();
  }

  // Two checksums with different polynomials, 64 bits together, chained by the finalizer of
  // splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014). It
  // finds divergence by accident, not forgery: peers are trusted with the log.
  private static long hash(long previous, long index, Epoch epoch, byte[] payload) {
    CRC32C low = new CRC32C();
    low.update(payload, 0, payload.length);
    CRC32 high = new CRC32();
    high.update(payload, 0, payload.length);
    long h = mix(previous ^ (high.getValue() << 32 | low.getValue()));
    return mix(mix(h + index) ^ (epoch.number() + 0x9e3779b97f4a7c15L) + payload.length);
  }

  private static long mix(long z) {
    long x = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    x = (x ^ (x >>> 27)) * 0x94d049bb133111ebL;
    return x ^ (x >>> 31);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Entry e && e.position.equals(position);
  }

  @Override
  public int hashCode() {
    return position.hashCode();
  }

  @Override
  public String toString() {
    return position + "(" + payload.length + " bytes)";
  }
}
