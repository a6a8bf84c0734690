package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeEvent.OfSubtask;
import dev.loomscope.event.ScopeEvent.SubtaskFinished;
import dev.loomscope.event.ScopeEvent.SubtaskForked;
import dev.loomscope.event.ScopeEvent.SubtaskProgress;
import dev.loomscope.event.ScopeEvent.SubtaskStarted;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What subtasks say of how far they are. */
class ProgressEventTest {

    private final Queue<ScopeEvent> events = new ConcurrentLinkedQueue<>();

    private List<OfSubtask> of(String subtask) {
        return events.stream()
                .filter(OfSubtask.class::isInstance)
                .map(OfSubtask.class::cast)
                .filter(event -> event.subtask().equals(subtask))
                .toList();
    }

    private static int work() {
        Progress.report(0.5, "half of it");
        return 1;
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void aListenerHearsItBetweenTheStartAndTheEndWhateverTheKind(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(c -> c.withName("working").withListener(events::add))) {
            scope.fork("works", kind, ProgressEventTest::work);
            scope.join();
        }
        assertThat(of("works"))
                .extracting(Object::getClass)
                .containsExactly(
                        SubtaskForked.class, SubtaskStarted.class, SubtaskProgress.class, SubtaskFinished.class);
        assertThat(of("works").get(2)).isInstanceOfSatisfying(SubtaskProgress.class, progress -> {
            assertThat(progress.scope()).isEqualTo("working");
            assertThat(progress.kind()).isEqualTo(kind);
            assertThat(progress.id()).isEqualTo(of("works").getFirst().id());
            assertThat(progress.fraction()).isEqualTo(0.5);
            assertThat(progress.message()).isEqualTo("half of it");
        });
    }

    private static int workInAScope() throws Exception {
        try (var scope = MixedScope.open()) {
            scope.fork(ProgressEventTest::work);
            Progress.report(0.7, "the owner");
            scope.join();
        }
        return 1;
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void itIsThatOfTheInnermostSubtask(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(c -> c.withListener(events::add))) {
            scope.fork("outer", kind, ProgressEventTest::workInAScope);
            scope.join();
        }
        assertThat(events.stream().filter(SubtaskProgress.class::isInstance).map(SubtaskProgress.class::cast))
                .singleElement()
                .satisfies(progress -> {
                    assertThat(progress.subtask()).isEqualTo("outer");
                    assertThat(progress.message()).isEqualTo("the owner");
                });
    }

    @Test
    void anywhereElseNothingHappens() {
        assertThatCode(() -> Progress.report(0.5, "nobody listens")).doesNotThrowAnyException();
        assertThatThrownBy(() -> Progress.report(0.5, null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void aListenerThatThrowsOnItDisturbsNothing() throws Exception {
        try (var scope = MixedScope.open(c -> c.withListener(event -> {
            if (event instanceof SubtaskProgress) {
                throw new IllegalStateException("of the listener");
            }
        }))) {
            Subtask<Integer> cpu = scope.fork(TaskKind.CPU, ProgressEventTest::work);
            Subtask<Integer> io = scope.fork(TaskKind.IO, ProgressEventTest::work);
            scope.join();
            assertThat(cpu.get() + io.get()).isEqualTo(2);
        }
    }

    @Test
    void whatIsOutOfRangeCountsAsTheNearerBound() throws Exception {
        try (var scope = MixedScope.open(c -> c.withListener(events::add))) {
            scope.fork(TaskKind.IO, () -> {
                Progress.report(-1, "early");
                Progress.report(2, "late");
                Progress.report(Double.NaN, "lost");
            });
            scope.join();
        }
        assertThat(events.stream().filter(SubtaskProgress.class::isInstance).map(SubtaskProgress.class::cast))
                .extracting(SubtaskProgress::fraction)
                .containsExactly(0.0, 1.0, Double.NaN);
    }
}
