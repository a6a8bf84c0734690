package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scopes inside a worker process: they see the time that is left and the cancel of the CPU task that opened them. */
class InWorkerTest {

    private static boolean hasDeadlineWithin(Duration limit) {
        try (var scope = MixedScope.open()) {
            return scope.deadline()
                    .map(deadline -> deadline.remaining().compareTo(limit) <= 0)
                    .orElse(false);
        }
    }

    @Test
    void aScopeThereIsBoundByTheTimeThatIsLeft() throws Exception {
        Duration limit = Duration.ofMinutes(10);
        try (var scope = MixedScope.open(c -> c.withTimeout(limit))) {
            Subtask<Boolean> bound = scope.fork(TaskKind.CPU, () -> hasDeadlineWithin(limit));
            scope.join();
            assertThat(bound.get()).isTrue();
        }
    }

    private static boolean hasDeadlineWithinAfterAMove(Duration limit) {
        try (var scope = MixedScope.open()) {
            scope.moveDeadline(Deadline.after(limit.multipliedBy(6)));
            return scope.deadline().orElseThrow().remaining().compareTo(limit) <= 0;
        }
    }

    @Test
    void aScopeThereIsBoundByItAlsoWhenItsOwnDeadlineIsMoved() throws Exception {
        Duration limit = Duration.ofMinutes(10);
        try (var scope = MixedScope.open(c -> c.withTimeout(limit))) {
            Subtask<Boolean> bound = scope.fork(TaskKind.CPU, () -> hasDeadlineWithinAfterAMove(limit));
            scope.join();
            assertThat(bound.get()).isTrue();
        }
    }

    @Test
    void withoutADeadlineThereIsNone() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Boolean> bound = scope.fork(TaskKind.CPU, () -> hasDeadlineWithin(Duration.ofDays(365)));
            scope.join();
            assertThat(bound.get()).isFalse();
        }
    }

    // Deaf to interrupts: only the look at the cancel ends it.
    private static long loopUntilCancelled() {
        while (true) {
            MixedScope.checkCancelled();
            Thread.interrupted();
        }
    }

    private static long loopInAScopeUntilCancelled() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Long> loop = scope.fork(TaskKind.IO, () -> loopUntilCancelled());
            while (loop.state() == State.UNAVAILABLE) {
                Thread.onSpinWait();
            }
            scope.join();
            throw loop.state() == State.FAILED ? (Exception) loop.exception() : new IllegalStateException();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLoopThatLooksEndsWithoutBeingKilled(boolean inAScope) throws Exception {
        Queue<ScopeEvent> events = new ConcurrentLinkedQueue<>();
        Duration patience = Duration.ofSeconds(Patience.LIMIT_SECONDS);
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withWorkers(1).withCancelGrace(patience).withListener(events::add))) {
            try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withCpuBackend(pool))) {
                Subtask<Long> loop = inAScope
                        ? scope.fork(TaskKind.CPU, () -> loopInAScopeUntilCancelled())
                        : scope.fork(TaskKind.CPU, () -> loopUntilCancelled());
                Patience.until("it runs", () -> loop.startedAt().isPresent());
                loop.cancel();
                scope.join();
                assertThat(loop.state()).isEqualTo(State.CANCELLED);
            }
        }
        assertThat(events).noneMatch(event -> event instanceof ScopeEvent.WorkerKilled);
    }
}
