package chat.server.storage;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReplacedTokensTest {
  @Test
  void theOldestAreForgotten() {
    ReplacedTokens replaced = new ReplacedTokens();
    for (int i = 0; i < ReplacedTokens.KEPT_MAX + 2; i++) {
      replaced.add("token " + i, i + 1);
      // Again, as when a log is replayed.
      replaced.add("token " + i, i + 1);
    }
    assertThat(replaced.accountOf("token 1")).isZero();
    assertThat(replaced.accountOf("token 2")).isEqualTo(3);
    assertThat(replaced.accountOf("token " + (ReplacedTokens.KEPT_MAX + 1)))
        .isEqualTo(ReplacedTokens.KEPT_MAX + 2);
  }
}
