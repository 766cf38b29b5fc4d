package chat.client.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private static final int STEPS = 500;

  private static List<Schedule.Step> steps(long seed, boolean withNamespaces) {
    Schedule schedule = new Schedule(seed, 3, withNamespaces);
    return Stream.generate(schedule::next).limit(STEPS).toList();
  }

  private static Set<FaultKind> kinds(List<Schedule.Step> steps) {
    return steps.stream()
        .flatMap(step -> step.faults().stream())
        .map(Fault::kind)
        .collect(Collectors.toSet());
  }

  @Test
  void aSeedIsASchedule() {
    assertThat(steps(7, true)).isEqualTo(steps(7, true)).isNotEqualTo(steps(8, true));
  }

  @Test
  void everyKindButTheOneOutsideTheDesignIsDrawn() {
    assertThat(kinds(steps(7, true)))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(FaultKind.values()).filter(kind -> kind != FaultKind.REJECT).toList());
  }

  @Test
  void nothingIsDrawnThatNeedsNamespacesWhereThereAreNone() {
    assertThat(kinds(steps(7, false))).noneMatch(FaultKind::needsNamespaces).isNotEmpty();
  }

  @Test
  void whoeverIsLeftMustServeAfterCrashesAndNotAfterSilence() {
    assertThat(fault(FaultKind.KILL, 0, 1).isServedMeanwhile(3)).isTrue();
    assertThat(fault(FaultKind.KILL, 0, 1, 2).isServedMeanwhile(3)).isFalse();
    assertThat(fault(FaultKind.STOP, 0).isServedMeanwhile(3)).isTrue();
    assertThat(fault(FaultKind.STOP, 0, 1).isServedMeanwhile(3)).isFalse();
  }

  private static Fault fault(FaultKind kind, Integer... ranks) {
    return new Fault(kind, List.of(ranks), 0, 5000, 0);
  }
}
