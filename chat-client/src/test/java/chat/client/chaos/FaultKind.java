package chat.client.chaos;

/** What can be done to servers. */
enum FaultKind {
  KILL("kill", 6, false),
  STOP("stop", 5, false),
  CUT("cut off", 4, true),
  DEAF("make deaf", 2, true),
  MUTE("make mute", 2, true),
  LINK("cut between", 2, true),
  WORSEN("slow and lossy network of", 2, true),
  FULL_DISK("full disk of", 3, true),
  TORN_LOG("torn log of", 2, false),
  FLIPPED_BIT("flipped bit of", 2, false),
  STORM("restart storm of", 2, false),
  /** Hosts that say no in place of dead ones: outside of what the design withstands. */
  REJECT("reject", 0, true);

  private final String words;
  private final int weight;
  private final boolean needsNamespaces;

  FaultKind(String words, int weight, boolean needsNamespaces) {
    this.words = words;
    this.weight = weight;
    this.needsNamespaces = needsNamespaces;
  }

  String words() {
    return words;
  }

  /** How often it is drawn, beside the others. */
  int weight() {
    return weight;
  }

  /** Whether it needs a network or a disk that only root can make. */
  boolean needsNamespaces() {
    return needsNamespaces;
  }

  /** Whether its victims seem dead to the others without being proven so. */
  boolean isSilent() {
    return this == STOP || this == CUT || this == DEAF || this == MUTE;
  }
}
