package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a cancel does to tasks on threads. */
class CancelPolicyTest {

    private final CountDownLatch release = new CountDownLatch(1);
    private final LogTail log = new LogTail(ScopedSubtask.class);

    @AfterEach
    void nothingIsLeft() {
        release.countDown();
        log.close();
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    // ---------------------------------------------------------------- INTERRUPT and WAIT

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatWaitsIsNotInterruptedAndItsResultCounts(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> subtask = scope.withCancelPolicy(CancelPolicy.WAIT).fork(kind, () -> {
                Patience.await(release);
                assertThatThrownBy(MixedScope::checkCancelled).isInstanceOf(CancellationException.class);
                return "to its end";
            });
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel();
            release.countDown();
            scope.join();
            assertThat(subtask.get()).isEqualTo("to its end");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatWaitsInLineIsCancelledLikeAnyOther(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withMaxConcurrent(kind, 1))) {
            Subtask<Void> running = scope.withCancelPolicy(CancelPolicy.WAIT).fork(kind, () -> Patience.await(release));
            Subtask<String> queued = scope.withCancelPolicy(CancelPolicy.WAIT).fork(kind, () -> "ran");
            Patience.until("the first runs", () -> running.startedAt().isPresent());
            scope.cancel();
            assertThat(queued.state()).isEqualTo(State.CANCELLED);
            release.countDown();
            scope.join();
            assertThat(running.state()).isEqualTo(State.SUCCESS);
        }
    }

    @Test
    void theScopeSaysWhatACancelDoesToBlockingSubtasksAndAForkMaySayOtherwise() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withBlockingCancelPolicy(CancelPolicy.WAIT))) {
            Subtask<String> waits = scope.fork(TaskKind.BLOCKING, () -> {
                Patience.await(release);
                return "to its end";
            });
            Subtask<Void> interrupted =
                    scope.withCancelPolicy(CancelPolicy.INTERRUPT).fork(TaskKind.BLOCKING, () -> Patience.forever());
            Subtask<Void> io = scope.fork(TaskKind.IO, () -> Patience.forever());
            List<Subtask<?>> all = List.of(waits, interrupted, io);
            Patience.until(
                    "all run",
                    () -> all.stream().allMatch(one -> one.startedAt().isPresent()));
            scope.cancel();
            Patience.until(
                    "two have ended", () -> interrupted.state() == State.CANCELLED && io.state() == State.CANCELLED);
            release.countDown();
            scope.join();
            assertThat(waits.get()).isEqualTo("to its end");
        }
    }

    // ---------------------------------------------------------------- ABANDON

    private record Deaf(Subtask<String> subtask, AtomicReference<Thread> thread) {}

    private Deaf forkDeaf(Forker<Object> forker) {
        AtomicReference<Thread> thread = new AtomicReference<>();
        Subtask<String> subtask = forker.withCancelPolicy(CancelPolicy.ABANDON).fork("deaf", TaskKind.BLOCKING, () -> {
            thread.set(Thread.currentThread());
            Patience.awaitDeaf(release);
            return "nobody's";
        });
        Patience.until("it has started", () -> thread.get() != null);
        return new Deaf(subtask, thread);
    }

    @Test
    void closeReturnsWithoutAnAbandonedThreadAndItsResultIsDropped() throws Exception {
        Deaf deaf;
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            deaf = forkDeaf(scope.forker());
            scope.cancel();
            scope.join();
            assertThat(deaf.subtask.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(deaf.thread.get().isAlive()).isTrue();
        assertThat(deaf.thread.get().isVirtual()).isFalse();
        release.countDown();
        deaf.thread.get().join();
        assertThat(deaf.subtask.state()).isEqualTo(State.CANCELLED);
        assertThat(log.warnings("")).isEmpty();
    }

    @Test
    void thePermitOfAnAbandonedThreadComesBackWhenTheThreadEnds() throws Exception {
        Limiter shared = Limiter.of("legacy", 1);
        ScopeConfig config = ScopeConfig.defaults()
                .withLimiter(TaskKind.BLOCKING, shared)
                .withBlockingCancelPolicy(CancelPolicy.ABANDON);
        try (var scope = MixedScope.open(Joiner.awaitAll(), config)) {
            forkDeaf(scope.forker());
            scope.cancel();
            scope.join();
        }
        assertThat(shared.stats().inUse()).isEqualTo(1);
        try (var next = MixedScope.open(config)) {
            Subtask<String> waiting = next.fork(TaskKind.BLOCKING, () -> "has the permit");
            assertThat(shared.stats().waiting()).isEqualTo(1);
            release.countDown();
            assertThat(waiting.await()).isEqualTo("has the permit");
            next.join();
        }
        Patience.until("the permit is back", () -> shared.stats().inUse() == 0);
    }

    @Test
    void anAbandonedThreadIsInterruptedOnce() throws Exception {
        AtomicBoolean interrupted = new AtomicBoolean();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.BLOCKING, () -> {
                try {
                    running.countDown();
                    return Patience.forever();
                } catch (InterruptedException e) {
                    interrupted.set(!Thread.currentThread().isInterrupted());
                    throw e;
                } finally {
                    ended.countDown();
                }
            });
            Patience.await(running);
            subtask.cancel();
            scope.join();
            Patience.await(ended);
            assertThat(interrupted).isTrue();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void aLaterFailureIsLogged() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.withCancelPolicy(CancelPolicy.ABANDON).fork("late", TaskKind.BLOCKING, () -> {
                running.countDown();
                Patience.awaitDeaf(release);
                throw new IllegalStateException("too late");
            });
            Patience.await(running);
            subtask.cancel();
            scope.join();
            release.countDown();
            assertThat(log.awaitWarning("late").getThrowableProxy().getMessage())
                    .isEqualTo("too late");
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void withoutACancelItsOutcomeIsLikeAnyOther() throws Exception {
        IllegalStateException failure = new IllegalStateException("its own");
        try (var scope = MixedScope.open(c -> c.withBlockingCancelPolicy(CancelPolicy.ABANDON))) {
            Subtask<String> good = scope.fork(TaskKind.BLOCKING, () -> "good");
            assertThat(good.await()).isEqualTo("good");
            Subtask<Object> bad = scope.fork(TaskKind.BLOCKING, () -> {
                throw failure;
            });
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown).hasCause(failure);
            assertThat(bad.exception()).isSameAs(failure);
        }
    }

    @Test
    void aShieldKeepsItFromBeingAbandonedUntilItsCodeHasEnded() throws Exception {
        CountDownLatch behind = new CountDownLatch(1);
        AtomicBoolean complete = new AtomicBoolean();
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.BLOCKING, () -> {
                Shield.run(() -> {
                    behind.countDown();
                    Patience.await(release);
                    complete.set(true);
                });
                return Patience.forever();
            });
            Patience.await(behind);
            scope.cancel();
            assertThat(subtask.state()).isEqualTo(State.UNAVAILABLE);
            release.countDown();
            scope.join();
            assertThat(complete).isTrue();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void cancelBeforeTheThreadBeginsRunsNothing() throws Exception {
        AtomicBoolean ran = new AtomicBoolean();
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withMaxConcurrent(TaskKind.BLOCKING, 1))) {
            scope.fork(TaskKind.BLOCKING, () -> Patience.await(release));
            Subtask<Boolean> subtask = scope.withCancelPolicy(CancelPolicy.ABANDON)
                    .fork("late", TaskKind.BLOCKING, () -> ran.getAndSet(true));
            subtask.cancel();
            release.countDown();
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(ran).isFalse();
    }

    /** The end and the cancel may come together: either the outcome counts, or the failure is logged as one of an abandoned task. */
    @Test
    void failureThatRacesWithTheCancelIsNeverLost() throws Exception {
        for (int round = 0; round < 300; round++) {
            IllegalStateException failure = new IllegalStateException("its own " + round);
            CountDownLatch running = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            try (var scope = MixedScope.open(Joiner.awaitAll())) {
                Subtask<Object> subtask = scope.withCancelPolicy(CancelPolicy.ABANDON)
                        .fork("racer-" + round, TaskKind.BLOCKING, () -> {
                            running.countDown();
                            Patience.awaitDeaf(go);
                            throw failure;
                        });
                Patience.await(running);
                go.countDown();
                subtask.cancel();
                scope.join();
                if (subtask.state() == State.FAILED) {
                    assertThat(subtask.exception()).isSameAs(failure);
                } else {
                    assertThat(subtask.state()).isEqualTo(State.CANCELLED);
                    log.awaitWarning("racer-" + round);
                }
            }
        }
    }

    @Test
    void anAbandonedThreadCanForkNothing() throws Exception {
        AtomicReference<Throwable> refused = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.BLOCKING, () -> {
                running.countDown();
                Patience.awaitDeaf(release);
                try {
                    scope.fork(() -> "too late");
                } catch (Throwable e) {
                    refused.set(e);
                }
                ended.countDown();
            });
            Patience.await(running);
            subtask.cancel();
            scope.join();
            release.countDown();
            Patience.await(ended); // the scope is open, and would take a fork of a thread that belongs to it
        }
        assertThat(refused.get()).isInstanceOf(WrongThreadException.class);
    }

    /** Keeps the fork of one subtask until it is told to go on. */
    private static final class SlowJoiner implements Joiner<Object, String> {
        private final CountDownLatch forking = new CountDownLatch(1);
        private final CountDownLatch goOn = new CountDownLatch(1);

        @Override
        public boolean onFork(Subtask<?> subtask) {
            if (subtask.name().equals("late")) {
                forking.countDown();
                Patience.awaitDeaf(goOn);
            }
            return false;
        }

        @Override
        public String result() {
            return "all";
        }
    }

    @Test
    void anAbandonedThreadInTheMiddleOfAForkCannotForkIntoAClosedScope() throws Exception {
        SlowJoiner joiner = new SlowJoiner();
        AtomicReference<Throwable> refused = new AtomicReference<>();
        AtomicBoolean ran = new AtomicBoolean();
        CountDownLatch ended = new CountDownLatch(1);
        try (var scope = MixedScope.open(joiner, c -> c.withReusedThreads(true))) {
            Subtask<Void> subtask = scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.BLOCKING, () -> {
                try {
                    scope.fork("late", TaskKind.BLOCKING, () -> ran.set(true));
                } catch (Throwable e) {
                    refused.set(e);
                }
                ended.countDown();
            });
            Patience.await(joiner.forking);
            subtask.cancel();
            scope.join();
        }
        joiner.goOn.countDown();
        Patience.await(ended);

        assertThat(refused.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("is closed");
        assertThat(ran).isFalse();
    }

    // ---------------------------------------------------------------- what is refused

    @Test
    void aPolicyThatAKindCannotHaveIsRefusedBeforeAnythingStarts() throws Exception {
        AtomicBoolean ran = new AtomicBoolean();
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.withCancelPolicy(CancelPolicy.WAIT).fork(TaskKind.CPU, () -> 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("WAIT")
                    .hasMessageContaining("CPU");
            assertThatThrownBy(
                            () -> scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.CPU, () -> 1))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(
                            () -> scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.IO, () -> ran.set(true)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("ABANDON")
                    .hasMessageContaining("IO");
            assertThatThrownBy(() -> scope.withCancelPolicy(null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> ScopeConfig.defaults().withBlockingCancelPolicy(null))
                    .isInstanceOf(NullPointerException.class);
            scope.join();
        }
        assertThat(ran).isFalse();
    }
}
