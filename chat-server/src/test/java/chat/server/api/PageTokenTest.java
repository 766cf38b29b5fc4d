package chat.server.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import chat.common.ErrorReason;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageTokenTest {
  @Test
  void aTokenGivesItsPositionBack() {
    String token = PageToken.encode("bob", "accounts", "b*");
    assertThat(PageToken.decode(token, "accounts", "b*")).contains("bob");
  }

  @Test
  void theEmptyTokenAsksForTheFirstPage() {
    assertThat(PageToken.decode("", "accounts", "b*")).isEmpty();
  }

  @Test
  void aTokenOfAnotherListingIsRefused() {
    String token = PageToken.encode("bob", "accounts", "b*");
    assertBad(token, "accounts", "c*");
    assertBad(token, "messages", "b*");
    assertBad(token, "accountsb", "*");
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "%%%", "AAAA", "AQAAAAAAAAAA", "AQAAAAAAAAAAYm9i"})
  void garbageIsRefused(String token) {
    assertBad(token, "accounts", "");
  }

  @Test
  void aTokenWhosePositionWasChangedIsRefused() {
    byte[] bytes = Base64.getUrlDecoder().decode(PageToken.encode("bob", "accounts"));
    bytes[bytes.length - 1]++;
    assertBad(Base64.getUrlEncoder().withoutPadding().encodeToString(bytes), "accounts");
  }

  private static void assertBad(String token, String... listing) {
    assertThatThrownBy(() -> PageToken.decode(token, listing))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.refusal().reason()).isEqualTo(ErrorReason.BAD_PAGE_TOKEN));
  }
}
