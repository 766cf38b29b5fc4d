package chat.server.api;

import java.time.Duration;

/**
 * Every bound of the public API in one place. Immutable.
 *
 * @param textBytesMax longest message text, in bytes of UTF-8
 * @param requestBytesMax largest request message, in bytes
 * @param pageSizeDefault page size where a request says 0
 * @param pageSizeMax largest page size
 * @param inboxMessagesMax undelivered messages an account may have before {@code INBOX_FULL}
 * @param unansweredProposalsMax proposals without an outcome before {@code OVERLOADED}
 * @param sendWindow messages of one {@code SendMessages} stream in flight
 * @param streamBufferMessages live messages held for one receiver before it falls back to reading
 *     pages
 * @param streamPageMessages messages a stream reads at once from the database
 * @param streamsMax open {@code ReceiveMessages} streams
 * @param passwordThreads threads that hash passwords
 * @param passwordQueue password checks that may wait before {@code OVERLOADED}
 * @param heartbeatInterval a receiver's stream that was silent for so long gets a heartbeat
 * @param callTimeout a call without an answer of the cluster for so long is answered "unknown"
 * @param attachmentGrace for so long a new primary counts a stream as open that was open at the old
 *     one
 * @param throttling how often one account or one address may do what costs others something
 * @param calls how many calls may be open
 */
public record Limits(
    int textBytesMax,
    int requestBytesMax,
    int pageSizeDefault,
    int pageSizeMax,
    int inboxMessagesMax,
    int unansweredProposalsMax,
    int sendWindow,
    int streamBufferMessages,
    int streamPageMessages,
    int streamsMax,
    int passwordThreads,
    int passwordQueue,
    Duration heartbeatInterval,
    Duration callTimeout,
    Duration attachmentGrace,
    Throttling throttling,
    CallLimits calls) {

  /** Refuses bounds that would let nothing through. */
  public Limits {
    positive("textBytesMax", textBytesMax);
    positive("requestBytesMax", requestBytesMax);
    positive("pageSizeDefault", pageSizeDefault);
    positive("pageSizeMax", pageSizeMax);
    positive("inboxMessagesMax", inboxMessagesMax);
    positive("unansweredProposalsMax", unansweredProposalsMax);
    positive("sendWindow", sendWindow);
    positive("streamBufferMessages", streamBufferMessages);
    positive("streamPageMessages", streamPageMessages);
    positive("streamsMax", streamsMax);
    positive("passwordThreads", passwordThreads);
    positive("passwordQueue", passwordQueue);
    positive("heartbeatInterval", heartbeatInterval.toMillis());
    positive("callTimeout", callTimeout.toMillis());
    positive("attachmentGrace", attachmentGrace.toMillis());
    if (pageSizeMax < pageSizeDefault) {
      throw new IllegalArgumentException(
          "pageSizeMax " + pageSizeMax + " is below pageSizeDefault " + pageSizeDefault);
    }
  }

  private static void positive(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive, not " + value);
    }
  }

  /** What the API documents. */
  public static Limits defaults() {
    return new Builder().build();
  }

  /** A builder that starts with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects bounds; each setter is named after its component. Not thread-safe. */
  public static final class Builder {
    private int textBytesMax = 16 * 1024;
    private int requestBytesMax = 64 * 1024;
    private int pageSizeDefault = 50;
    private int pageSizeMax = 1_000;
    private int inboxMessagesMax = 10_000;
    private int unansweredProposalsMax = 8_192;
    private int sendWindow = 256;
    private int streamBufferMessages = 256;
    private int streamPageMessages = 128;
    private int streamsMax = 20_000;
    // Half the machine at most: the other half is for messages, whatever is asked to be hashed.
    private int passwordThreads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    private int passwordQueue = 64;
    private Duration heartbeatInterval = Duration.ofSeconds(1);
    private Duration callTimeout = Duration.ofSeconds(15);
    private Duration attachmentGrace = Duration.ofSeconds(10);

    private Throttling throttling = Throttling.DEFAULT;
    private CallLimits calls = CallLimits.DEFAULT;

    private Builder() {}

    /** Sets {@link Limits#textBytesMax}. */
    public Builder textBytesMax(int value) {
      textBytesMax = value;
      return this;
    }

    /** Sets {@link Limits#requestBytesMax}. */
    public Builder requestBytesMax(int value) {
      requestBytesMax = value;
      return this;
    }

    /** Sets {@link Limits#pageSizeDefault}. */
    public Builder pageSizeDefault(int value) {
      pageSizeDefault = value;
      return this;
    }

    /** Sets {@link Limits#pageSizeMax}. */
    public Builder pageSizeMax(int value) {
      pageSizeMax = value;
      return this;
    }

    /** Sets {@link Limits#inboxMessagesMax}. */
    public Builder inboxMessagesMax(int value) {
      inboxMessagesMax = value;
      return this;
    }

    /** Sets {@link Limits#unansweredProposalsMax}. */
    public Builder unansweredProposalsMax(int value) {
      unansweredProposalsMax = value;
      return this;
    }

    /** Sets {@link Limits#sendWindow}. */
    public Builder sendWindow(int value) {
      sendWindow = value;
      return this;
    }

    /** Sets {@link Limits#streamBufferMessages}. */
    public Builder streamBufferMessages(int value) {
      streamBufferMessages = value;
      return this;
    }

    /** Sets {@link Limits#streamPageMessages}. */
    public Builder streamPageMessages(int value) {
      streamPageMessages = value;
      return this;
    }

    /** Sets {@link Limits#streamsMax}. */
    public Builder streamsMax(int value) {
      streamsMax = value;
      return this;
    }

    /** Sets {@link Limits#passwordThreads}. */
    public Builder passwordThreads(int value) {
      passwordThreads = value;
      return this;
    }

    /** Sets {@link Limits#passwordQueue}. */
    public Builder passwordQueue(int value) {
      passwordQueue = value;
      return this;
    }

    /** Sets {@link Limits#heartbeatInterval}. */
    public Builder heartbeatInterval(Duration value) {
      heartbeatInterval = value;
      return this;
    }

    /** Sets {@link Limits#callTimeout}. */
    public Builder callTimeout(Duration value) {
      callTimeout = value;
      return this;
    }

    /** Sets {@link Limits#attachmentGrace}. */
    public Builder attachmentGrace(Duration value) {
      attachmentGrace = value;
      return this;
    }

    /** Sets {@link Limits#throttling}. */
    public Builder throttling(Throttling value) {
      throttling = value;
      return this;
    }

    /** Sets {@link Limits#calls}. */
    public Builder calls(CallLimits value) {
      calls = value;
      return this;
    }

    /**
     * Builds the limits.
     *
     * @throws IllegalArgumentException if a bound would let nothing through
     */
    public Limits build() {
      return new Limits(
          textBytesMax,
          requestBytesMax,
          pageSizeDefault,
          pageSizeMax,
          inboxMessagesMax,
          unansweredProposalsMax,
          sendWindow,
          streamBufferMessages,
          streamPageMessages,
          streamsMax,
          passwordThreads,
          passwordQueue,
          heartbeatInterval,
          callTimeout,
          attachmentGrace,
          throttling,
          calls);
    }
  }
}
