package chat.client;

import static org.assertj.core.api.Assertions.assertThat;

import chat.common.ErrorReason;
import org.junit.jupiter.api.Test;

class MisfitTest {
  private final ChatException strangers =
      ServerError.definite(ErrorReason.NO_PRIMARY, "Their certificate is not accepted.");
  private final Misfit misfit = new Misfit();

  @Test
  void holdsUntilALookFindsSomethingElse() {
    assertThat(misfit.why(0)).isNull();
    misfit.looked(strangers, 0);
    assertThat(misfit.why(0)).isSameAs(strangers);
    misfit.looked(null, 0);
    assertThat(misfit.why(0)).isNull();
  }

  @Test
  void whoeverLetUsInOnceIsWaitedFor() {
    misfit.looked(strangers, 0);
    // Somebody has changed the certificates; then the primary dies.
    assertThat(misfit.why(1)).isNull();
    // A look that had begun before.
    misfit.looked(strangers, 0);
    assertThat(misfit.why(1)).isNull();
    misfit.looked(strangers, 1);
    assertThat(misfit.why(1)).isSameAs(strangers);
  }
}
