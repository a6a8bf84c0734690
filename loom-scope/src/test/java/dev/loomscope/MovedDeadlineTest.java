package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.lang.reflect.Field;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Deadlines that are moved, and the one that counts where several stand around. */
class MovedDeadlineTest {

    private static final Deadline FAR = Deadline.after(Duration.ofMinutes(10));
    private static final Deadline FARTHER = Deadline.after(Duration.ofMinutes(20));

    private static Deadline past() {
        return Deadline.at(Instant.now().minusSeconds(1));
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void putOffItDoesNotCutWhatIsLateForTheFirst(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        Deadline first = Deadline.after(Duration.ofSeconds(2));
        try (var scope = MixedScope.open(c -> c.withDeadline(first))) {
            scope.moveDeadline(FAR);
            assertThat(scope.deadline()).contains(FAR);
            Subtask<String> late = scope.fork(kind, () -> {
                Patience.await(release);
                return "late for the first";
            });
            Patience.until("the first has passed", first::isExpired);
            release.countDown();
            scope.join();
            assertThat(late.get()).isEqualTo("late for the first");
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void intoThePastItCancelsAtOnce(TaskKind kind) {
        try (var scope = MixedScope.open(c -> c.withDeadline(FAR))) {
            Subtask<Void> running = scope.fork(kind, () -> Patience.forever());
            Patience.until("it has started", () -> running.startedAt().isPresent());
            scope.moveDeadline(past());
            assertThat(scope.cancelReason().orElseThrow().source()).isEqualTo(CancelReason.Source.DEADLINE);
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
            assertThat(running.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void onceItHasPassedItIsNotMovedAnyMore() {
        try (var scope = MixedScope.open(c -> c.withDeadline(past()))) {
            scope.moveDeadline(FAR);
            assertThat(scope.fork(() -> "too late").state()).isEqualTo(State.CANCELLED);
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aSubtaskMayMoveTheDeadlineOfItsScope(TaskKind kind) {
        try (var scope = MixedScope.open()) {
            scope.fork(kind, () -> {
                scope.moveDeadline(past());
                return Patience.forever();
            });
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void ofAllAroundTheEarliestCountsUpToAShield() {
        try (var outer = MixedScope.open()) {
            assertThat(outer.deadline()).isEmpty();
            outer.moveDeadline(FAR);
            try (var inner = MixedScope.open(c -> c.withDeadline(FARTHER))) {
                assertThat(inner.deadline()).contains(FAR);
                Deadline nearer = Deadline.after(Duration.ofMinutes(5));
                inner.moveDeadline(nearer);
                assertThat(inner.deadline()).contains(nearer);
                inner.moveDeadline(FARTHER);
                assertThat(inner.deadline()).contains(FAR);
            }
            Shield.run(() -> {
                try (var shielded = MixedScope.open(c -> c.withDeadline(FARTHER))) {
                    assertThat(shielded.deadline()).contains(FARTHER);
                }
            });
        }
    }

    @Test
    void aCancelIsNoDeadline() {
        try (var scope = MixedScope.open(c -> c.withDeadline(FAR))) {
            scope.cancel();
            assertThat(scope.deadline()).contains(FAR);
        }
    }

    @Test
    void movedOftenItLeavesNoTimersBehind() throws Exception {
        Field field = ScopeTimer.class.getDeclaredField("executor");
        field.setAccessible(true);
        ScheduledThreadPoolExecutor timer = (ScheduledThreadPoolExecutor) field.get(null);
        int bound = timer.getQueue().size() + 100; // other tests have left some, which come to their end
        try (var scope = MixedScope.open()) {
            for (int i = 0; i < 10_000; i++) {
                scope.moveDeadline(FAR);
                scope.moveDeadline(FARTHER);
            }
            assertThat(timer.getQueue()).hasSizeLessThan(bound);
            scope.fork(() -> Patience.forever());
            scope.moveDeadline(Deadline.after(Duration.ofMillis(50)));
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
        assertThat(timer.getQueue()).hasSizeLessThan(bound);
    }
}
