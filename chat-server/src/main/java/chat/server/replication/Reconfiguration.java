package chat.server.replication;

import org.jspecify.annotations.Nullable;

/**
 * The change that an operator has asked of this primary, from the question to the view that makes
 * it. One at a time. Confined to whoever drives the replica.
 */
final class Reconfiguration {
  private record Pending(long id, Change change, String diskId, long since) {}

  private final Core core;
  private final Admission admission;
  private @Nullable Pending pending;

  Reconfiguration(Core core, Admission admission) {
    this.core = core;
    this.admission = admission;
  }

  /** Takes a change, or says at once that it cannot be. */
  void ask(long id, Change change, @Nullable PrimaryRole acting) {
    String refusal = refusal(change, acting);
    if (refusal != null) {
      core.out.changed(id, refusal);
      return;
    }
    Admission.Stranger stranger = admission.stranger(change.server());
    pending = new Pending(id, change, stranger == null ? "" : stranger.diskId(), core.now);
    if (acting != null && change instanceof Change.HandOver) {
      acting.drain(true);
    }
  }

  private @Nullable String refusal(Change change, @Nullable PrimaryRole acting) {
    ServerId id = change.server();
    if (acting == null || !acting.active()) {
      return "this server is not primary";
    }
    if (pending != null) {
      return "another change is under way: ask again in a moment";
    }
    if (change instanceof Change.Admit) {
      if (admission.stranger(id) == null) {
        return core.cluster().disks().containsKey(id)
            ? "server " + id + " belongs to the cluster already, with the disk it has"
            : "server "
                + id
                + " has not been heard of: start it first, with the addresses of all servers";
      }
      return otherDiskIsMember(id, core.view());
    }
    if (!core.cluster().disks().containsKey(id)) {
      return "server " + id + " does not belong to the cluster";
    }
    if (change instanceof Change.Remove) {
      return id.equals(core.self)
          ? "server " + id + " is primary: hand over to another one first"
          : null;
    }
    if (id.equals(core.self)) {
      return "server " + id + " is primary already";
    }
    return core.view().has(id)
        ? null
        : "server " + id + " does not have all messages yet: wait until it is a backup";
  }

  private static @Nullable String otherDiskIsMember(ServerId id, View view) {
    return view.has(id)
        ? "server " + id + " is a member of the view, with another disk: is one of the two wrong?"
        : null;
  }

  /** The change whose turn it is, or null. */
  @Nullable Change due(PrimaryRole acting) {
    Pending asked = pending;
    if (asked == null) {
      return null;
    }
    boolean mayWait = core.now - asked.since() < core.settings.drainTimeout();
    boolean waits = asked.change() instanceof Change.HandOver && !acting.isLevel() && mayWait;
    return waits ? null : asked.change();
  }

  /** The value that makes the pending change, from the one that would have been decided. */
  View apply(View next) {
    Pending asked = pending;
    if (asked == null) {
      return next;
    }
    ServerId id = asked.change().server();
    if (asked.change() instanceof Change.HandOver) {
      return next.has(id) ? new View(next.ballot(), next.members(), id, next.cluster()) : next;
    }
    if (asked.change() instanceof Change.Admit) {
      return new View(
          next.ballot(), next.members(), next.primary(), next.cluster().with(id, asked.diskId()));
    }
    // Whoever is to be primary is not removed with the same view.
    return next.primary().equals(id) ? next : next.without(id);
  }

  /**
   * A view was installed: the change may be made with it, or this server may make none any more.
   */
  void installed(View view, @Nullable PrimaryRole role) {
    Pending asked = pending;
    if (asked == null || isMade(asked, view)) {
      return;
    }
    if (role == null) {
      end("another server has become primary meanwhile: look at the status and ask again");
    } else if (asked.change() instanceof Change.HandOver) {
      if (view.has(asked.change().server())) {
        role.drain(true);
      } else {
        end(
            "server "
                + asked.change().server()
                + " is no backup any more: wait until it is one again, or hand over to another");
      }
    } else if (asked.change() instanceof Change.Admit) {
      String refusal = otherDiskIsMember(asked.change().server(), view);
      if (refusal != null) {
        end(refusal);
      }
    }
  }

  private boolean isMade(Pending asked, View view) {
    ServerId id = asked.change().server();
    boolean made =
        asked.change() instanceof Change.HandOver
            ? view.primary().equals(id)
            : asked.change() instanceof Change.Admit
                ? asked.diskId().equals(view.cluster().disks().get(id))
                : !view.cluster().disks().containsKey(id);
    if (made) {
      end(null);
    }
    return made;
  }

  /** This server is primary no longer. */
  void lost() {
    if (pending != null) {
      end("this server is primary no longer: look at the status and ask again");
    }
  }

  void tick(@Nullable PrimaryRole acting) {
    Pending asked = pending;
    if (asked != null && core.now - asked.since() > core.settings.changeTimeout()) {
      end("not all members of the view took part in time: look at the status and ask again");
      if (acting != null) {
        acting.drain(false);
      }
    }
  }

  private void end(@Nullable String failure) {
    Pending asked = pending;
    pending = null;
    if (asked != null) {
      core.out.changed(asked.id(), failure);
    }
  }
}
