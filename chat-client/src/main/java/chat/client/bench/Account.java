package chat.client.bench;

/** An account that is logged in. */
record Account(String name, String token) {}
