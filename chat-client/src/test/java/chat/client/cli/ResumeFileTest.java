package chat.client.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumeFileTest {
  private static final Instant NOON = Instant.parse("2026-11-25T12:00:00Z");

  private static final String SERVERS = "h1:7401,h2:7401,h3:7401";

  @TempDir private Path folder;

  private ResumeFile openAt(Instant now) {
    return ResumeFile.open(
        folder.resolve("resume"), "alice", "bob", SERVERS, Clock.fixed(now, ZoneOffset.UTC));
  }

  @Test
  void anotherProcessMakesTheSameIdsForLinesThatMayHaveBeenSent() {
    String first;
    String last;
    try (ResumeFile file = openAt(NOON)) {
      first = file.id(1);
      last = file.id(1000);
      assertThat(first).isNotEqualTo(last);
    }
    try (ResumeFile file = openAt(NOON.plus(Duration.ofHours(20)))) {
      assertThat(file.id(1)).isEqualTo(first);
      assertThat(file.id(1000)).isEqualTo(last);
    }
  }

  @Test
  void idsTellTheTimeByWhichTheServiceForgets() {
    try (ResumeFile file = openAt(NOON)) {
      UUID id = UUID.fromString(file.id(1));
      assertThat(id.version()).isEqualTo(7);
      assertThat(id.variant()).isEqualTo(2);
      assertThat(id.getMostSignificantBits() >>> 16).isEqualTo(NOON.toEpochMilli());
    }
  }

  @Test
  void linesThatWereNeverSentGetFreshIds() {
    String early;
    try (ResumeFile file = openAt(NOON)) {
      early = file.id(11);
      file.settleNow(11, 4711);
      file.endBefore(12);
    }
    try (ResumeFile file = openAt(NOON.plus(Duration.ofHours(30)))) {
      assertThat(file.done()).isEqualTo(11);
      assertThat(file.doneChecksum()).isEqualTo(4711);
      UUID fresh = UUID.fromString(file.id(12));
      assertThat(fresh.getMostSignificantBits() >>> 16)
          .isEqualTo(NOON.plus(Duration.ofHours(30)).toEpochMilli());
      // This one was: its old id is refused for its age rather than sent again.
      assertThat(file.id(11)).isEqualTo(early);
    }
  }

  @Test
  void aLineThatWasBeingWrittenAtTheEndIsCutOff() throws IOException {
    String id;
    try (ResumeFile file = openAt(NOON)) {
      id = file.id(1);
    }
    Files.writeString(folder.resolve("resume"), "done 77", StandardOpenOption.APPEND);
    try (ResumeFile file = openAt(NOON)) {
      assertThat(file.done()).isZero();
      assertThat(file.id(1)).isEqualTo(id);
      file.settleNow(1, 5);
    }
    try (ResumeFile file = openAt(NOON)) {
      assertThat(file.done()).isEqualTo(1);
    }
  }

  @Test
  void filesOfOthersAreNotTouched() throws IOException {
    Path precious = Files.writeString(folder.resolve("resume"), "precious\n");
    assertThatThrownBy(() -> openAt(NOON)).hasMessageContaining("is no resume file");
    Files.writeString(precious, "no end of line");
    assertThatThrownBy(() -> openAt(NOON)).hasMessageContaining("is no resume file");
    assertThat(precious).hasContent("no end of line");
    Files.delete(precious);
    openAt(NOON).close();
    assertThatThrownBy(
            () -> ResumeFile.open(precious, "alice", "carol", SERVERS, Clock.systemUTC()))
        .hasMessageContaining("is about lines from alice to bob");
    Files.writeString(precious, "nonsense\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> openAt(NOON)).hasMessageContaining("is damaged");
  }

  @Test
  void linesSentToOneClusterAreNotTakenForSentToAnother() throws IOException {
    try (ResumeFile file = openAt(NOON)) {
      file.settleNow(5, 4711);
    }
    Path path = folder.resolve("resume");
    assertThatThrownBy(() -> ResumeFile.open(path, "alice", "bob", "other:7401", Clock.systemUTC()))
        .hasMessageContaining("is about lines to the servers " + SERVERS);
    // Any of its servers names a cluster.
    try (ResumeFile file =
        ResumeFile.open(path, "alice", "bob", "H4:7401,H2:7401", Clock.systemUTC())) {
      assertThat(file.done()).isEqualTo(5);
    }
    // A file of an earlier version does not say which.
    String before =
        Files.readString(path).replaceFirst("chat-resume-2 (.*) [^ ]*\n", "chat-resume-1 $1\n");
    assertThat(before).startsWith("chat-resume-1 ");
    Files.writeString(path, before);
    try (ResumeFile file = ResumeFile.open(path, "alice", "bob", "other:7401", Clock.systemUTC())) {
      assertThat(file.done()).isEqualTo(5);
    }
  }

  @Test
  void twoClientsDoNotShareOne() {
    try (ResumeFile file = openAt(NOON)) {
      assertThat(file.done()).isZero();
      assertThatThrownBy(() -> openAt(NOON)).hasMessageContaining("Another client");
    }
  }
}
