package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.DeadlineExceededException.Unfinished;
import dev.loomscope.core.TaskKind;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What time brings about, in time that stands still until the test moves it: to the nanosecond, without waiting. */
class FakeTimeTest {

    private final FakeClock clock = new FakeClock();

    private NurseryScope<Object, Void> open(UnaryOperator<ScopeConfig> configure) {
        return NurseryScope.open(
                Joiner.awaitAllSuccessfulOrThrow(), configure.apply(ScopeConfig.defaults()), null, clock);
    }

    @Test
    void theDeadlinePassesAtItsNanosecondAndNotBefore() {
        try (var scope = open(c -> c.withTimeout(Duration.ofDays(3)))) {
            Subtask<Void> subtask = scope.fork(() -> Patience.forever());
            clock.advance(Duration.ofDays(3).minusNanos(1));
            assertThat(scope.cancelReason()).isEmpty();
            clock.advance(Duration.ofNanos(1));
            assertThat(scope.cancelReason()).map(CancelReason::source).contains(Source.DEADLINE);
            DeadlineExceededException thrown = catchThrowableOfType(DeadlineExceededException.class, scope::join);
            assertThat(thrown.unfinished()).extracting(Unfinished::subtask).containsExactly(subtask);
        }
    }

    @Test
    void aDeadlineMovedLaterPassesLaterAndOneMovedEarlierEarlier() throws Exception {
        try (var scope = open(c -> c.withTimeout(Duration.ofHours(1)))) {
            scope.moveDeadline(Deadline.after(Duration.ofHours(10), clock.nanoTime()));
            clock.advance(Duration.ofHours(9));
            assertThat(scope.cancelReason()).isEmpty();
            scope.moveDeadline(Deadline.after(Duration.ofMinutes(1), clock.nanoTime()));
            clock.advance(Duration.ofMinutes(1));
            assertThat(scope.cancelReason()).isPresent();
            scope.moveDeadline(Deadline.after(Duration.ofHours(10), clock.nanoTime()));
            assertThat(scope.cancelReason())
                    .as("what is cancelled stays cancelled")
                    .isPresent();
        }
    }

    @Test
    void closingTakesTheAlarmBack() {
        open(c -> c.withTimeout(Duration.ofHours(1))).close();
        assertThat(clock.alarms()).isZero();
    }

    @Test
    void aStragglerIsInterruptedAgainAfterItsGraceAndThenEverMoreRarely() throws Exception {
        Trail trail = new Trail();
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = open(c -> c.withStragglerGrace(Duration.ofSeconds(10)));
                AutoCloseable whateverFails = release::countDown) {
            Subtask<Void> deaf = scope.fork(TaskKind.BLOCKING, () -> {
                trail.add("started");
                for (int i = 1; release.getCount() > 0; i++) {
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        trail.add("interrupt " + i);
                    }
                }
            });
            trail.await("started");
            deaf.cancel();
            trail.await("interrupt 1");
            clock.advance(Duration.ofSeconds(10)); // the grace
            trail.await("interrupt 2");
            clock.advance(Duration.ofSeconds(19)); // the pause has doubled
            assertThat(trail.steps()).hasSize(3);
            clock.advance(Duration.ofSeconds(1));
            trail.await("interrupt 3");
            release.countDown();
            scope.join();
            clock.advance(Duration.ofMinutes(10));
            assertThat(clock.alarms()).as("nobody is watched any more").isZero();
        }
    }

    @Test
    void handlesTellTheTimesOfTheClock() throws Exception {
        Sequencer sequence = new Sequencer();
        try (var scope = open(c -> c)) {
            Subtask<Void> subtask = scope.fork(() -> {
                sequence.turn(0);
                sequence.turn(2);
            });
            Patience.until("it runs", () -> subtask.startedAt().isPresent());
            sequence.turn(1, () -> clock.advance(Duration.ofMinutes(7)));
            scope.join();
            assertThat(Duration.between(
                            subtask.startedAt().orElseThrow(), subtask.endedAt().orElseThrow()))
                    .isEqualTo(Duration.ofMinutes(7));
        }
    }
}
