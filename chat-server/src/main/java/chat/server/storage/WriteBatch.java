package chat.server.storage;

import chat.server.chat.Account;
import chat.server.chat.SessionRecord;
import chat.server.replication.LogPosition;
import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What was applied up to a position and goes into the database in one transaction.
 *
 * @param position up to where the log is applied with it
 * @param lastTimeMicros the newest stamp applied
 * @param requestDay the day that the request ids are remembered for
 * @param accounts as they are now, each once
 * @param sessions by their tokens; null for one that is gone
 * @param messages in their order
 * @param requests what request ids stand for
 */
record WriteBatch(
    LogPosition position,
    long lastTimeMicros,
    long requestDay,
    Collection<Account> accounts,
    Map<String, @Nullable SessionRecord> sessions,
    Collection<MessageRow> messages,
    Collection<RequestRow> requests) {}
