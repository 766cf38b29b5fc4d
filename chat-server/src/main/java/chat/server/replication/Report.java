package chat.server.replication;

import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a server says of itself in every heartbeat and every answer to one.
 *
 * @param sequence grows with every report of one incarnation, so that late ones are known
 * @param view the last installed view
 * @param promised whether it has promised a newer one: it acknowledges and echoes nothing (R3)
 * @param active whether it acts as that view's primary: all its members have installed it
 * @param durable the end of its log on disk
 * @param commitIndex up to where it knows its log to be committed
 * @param appliedIndex up to where its database follows; for status only
 * @param notEchoed members that it no longer echoes, for others to follow (R4)
 * @param unheard configured servers that it has not heard for T_L; nobody is taken into a view in
 *     which somebody does not hear it
 * @param address where the others reach it, by its own account; "" if it does not say
 * @param diskLow whether its disk is nearly full; decides nothing here
 */
public record Report(
    long sequence,
    View view,
    boolean promised,
    boolean active,
    LogPosition durable,
    long commitIndex,
    long appliedIndex,
    SortedSet<ServerId> notEchoed,
    SortedSet<ServerId> unheard,
    String address,
    boolean diskLow) {
  public Report {
    notEchoed = Collections.unmodifiableSortedSet(new TreeSet<>(notEchoed));
    unheard = Collections.unmodifiableSortedSet(new TreeSet<>(unheard));
  }
}
