package chat.server.replication;

/**
 * A message between two servers, with what every message bears (R1).
 *
 * @param toIncarnation the incarnation that an answer is for; {@link Incarnation#NONE} for a
 *     request, which any incarnation may answer
 * @param call pairs a request with its answer; drawn by the asking server
 */
public record Envelope(
    Header header, ServerId to, Incarnation toIncarnation, long call, Message message) {

  /**
   * Who speaks.
   *
   * @param clusterId "" before the cluster's birth
   * @param configuration {@link Identity#configuration()}
   * @param epoch of the sender's installed view
   */
  public record Header(
      String clusterId,
      long lineage,
      String configuration,
      ServerId from,
      String diskId,
      Incarnation incarnation,
      Epoch epoch) {}

  public ServerId from() {
    return header.from();
  }
}
