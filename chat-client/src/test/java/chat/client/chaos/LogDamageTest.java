package chat.client.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogDamageTest {
  private static final int WRITTEN = 1000;

  private final byte[] before = Arrays.copyOf(written(), 100 * WRITTEN);
  private Path segment;
  @TempDir private Path directory;

  private static byte[] written() {
    byte[] bytes = new byte[WRITTEN];
    Arrays.fill(bytes, (byte) 7);
    return bytes;
  }

  @BeforeEach
  void makeALog() throws IOException {
    segment = Files.createDirectory(directory.resolve("log")).resolve("1.log");
  }

  @Test
  void aBitIsFlippedInWhatWasWrittenAndNotInTheZerosAfterIt() throws IOException {
    for (int seed = 0; seed < 100; seed++) {
      Files.write(segment, before);
      LogDamage done = LogDamage.flip(directory, directory, new Random(seed));

      assertThat(Arrays.mismatch(before, Files.readAllBytes(segment)))
          .as("seed %d", seed)
          .isBetween(0, WRITTEN / 2);
      done.undo();
      assertThat(segment).hasBinaryContent(before);
    }
  }

  @Test
  void aTornLogIsCutOrGrowsWhereItsWordsEnd() throws IOException {
    for (int seed = 0; seed < 100; seed++) {
      Files.write(segment, before);
      LogDamage.tear(directory, directory, new Random(seed));

      byte[] after = Files.readAllBytes(segment);
      if (after.length < before.length) {
        assertThat(after.length).as("seed %d", seed).isBetween(WRITTEN - 300, WRITTEN - 1);
      } else {
        assertThat(Arrays.mismatch(before, after))
            .as("seed %d", seed)
            .isBetween(WRITTEN, WRITTEN + 10);
      }
    }
  }
}
