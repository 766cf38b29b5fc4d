package chat.server.chat;

/** What applying a command came to. */
public interface Outcome {}
