package chat.server.replication;

/**
 * The value that a view change decides: the next view, and the log that each of its members holds,
 * exactly, when it starts (R3).
 */
public record Proposal(View view, LogPosition end) {}
