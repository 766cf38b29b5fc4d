package chat.client.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AcknowledgementOrderTest {
  private final AcknowledgementOrder order = new AcknowledgementOrder();

  @Test
  void primariesOneAfterTheOtherAreOneAtATime() {
    order.add(1, 0, 10, 100);
    order.add(1, 20, 30, 101);
    order.add(2, 25, 90, 102);
    order.add(2, 100, 110, 103);
    order.add(1, 120, 130, 104);
    assertThat(order.contradictions()).isEmpty();
    assertThat(order.mostPrimariesAtOneTime()).isEqualTo(1);
    assertThat(order.takeovers()).isEqualTo(2);
  }

  @Test
  void messagesOnTheWayAtOneTimeHaveNoOrder() {
    order.add(1, 0, 50, 101);
    order.add(AcknowledgementOrder.UNKNOWN_SERVER, 10, 40, 100);
    assertThat(order.contradictions()).isEmpty();
    assertThat(order.mostPrimariesAtOneTime()).isEqualTo(1);
  }

  @Test
  void twoThatNumberOnFromTheSamePlaceAreFoundOut() {
    order.add(1, 0, 10, 100);
    order.add(1, 20, 30, 101);
    order.add(2, 21, 29, 101);
    assertThat(order.contradictions()).isNotEmpty();
    assertThat(order.mostPrimariesAtOneTime()).isEqualTo(2);
  }

  @Test
  void oneThatGoesOnBehindAnotherIsFoundOut() {
    order.add(2, 0, 10, 200);
    order.add(1, 20, 30, 150);
    assertThat(order.contradictions()).hasSize(1);
    assertThat(order.mostPrimariesAtOneTime()).isEqualTo(2);
  }

  @Test
  void anIdOfTheLibrarysThatGoesBackIsFoundOut() {
    order.add(AcknowledgementOrder.UNKNOWN_SERVER, 0, 10, 200);
    order.add(AcknowledgementOrder.UNKNOWN_SERVER, 11, 20, 199);
    assertThat(order.contradictions()).hasSize(1);
  }

  @Test
  void twoWhoseNumbersHappenToFitAreFoundOutByTheTime() {
    order.add(1, 0, 10, 100);
    order.add(1, 80, 90, 101);
    order.add(2, 5, 20, 102);
    order.add(2, 60, 70, 103);
    assertThat(order.mostPrimariesAtOneTime()).isEqualTo(2);
  }
}
