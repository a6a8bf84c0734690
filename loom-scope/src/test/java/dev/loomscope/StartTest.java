package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.ScopeFailedException.Failure;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.Cpu;
import dev.loomscope.core.TaskKind;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tasks that say when they are ready. */
class StartTest {

    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void returnsTheValueAndTheHandleWhileTheTaskGoesOn(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Started<Integer> started = scope.start(kind, ready -> {
                ready.started(4711);
                Patience.await(release);
            });
            assertThat(started.value()).isEqualTo(4711);
            assertThat(started.subtask().state()).isEqualTo(State.UNAVAILABLE);
            assertThat(started.subtask().kind()).isEqualTo(kind);
            release.countDown();
            scope.join();
            assertThat(started.subtask().state()).isEqualTo(State.SUCCESS);
        }
    }

    @Test
    void theValueMayBeNullAndTheNameGiven() throws Exception {
        try (var scope = MixedScope.open()) {
            Started<String> started = scope.startTask("server", TaskKind.BLOCKING, ready -> {
                assertThat(ready.toString()).contains("server");
                ready.started(null);
            });
            assertThat(started.value()).isNull();
            assertThat(started.subtask().name()).isEqualTo("server");
            scope.join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aFailureBeforeItIsReadyIsTheCallersAndCancelsNothing(TaskKind kind) throws Exception {
        IllegalStateException failure = new IllegalStateException("the port is taken");
        try (var scope = MixedScope.open()) {
            Subtask<String> other = scope.fork(() -> {
                Patience.await(release);
                return "unharmed";
            });
            ScopeFailedException thrown = catchThrowableOfType(
                    ScopeFailedException.class,
                    () -> scope.start(kind, ready -> {
                        throw failure;
                    }));
            assertThat(thrown).hasCause(failure).hasMessageContaining("before it was ready");
            assertThat(thrown.failures()).isEmpty();
            release.countDown();
            scope.join();
            assertThat(other.get()).isEqualTo("unharmed");
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aFailureAfterItWasReadyIsTheScopes(TaskKind kind) throws Exception {
        IllegalStateException failure = new IllegalStateException("later");
        try (var scope = MixedScope.open()) {
            Subtask<Void> other = scope.fork(() -> Patience.forever());
            Started<String> started = scope.start(kind, ready -> {
                ready.started("ready");
                Patience.await(release);
                throw failure;
            });
            release.countDown();
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown).hasCause(failure);
            assertThat(thrown.failures()).containsExactly(new Failure(started.subtask(), failure));
            assertThat(other.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void oneThatReturnsWithoutHavingBeenReadyIsRefused() throws Exception {
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.start(ready -> {}))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasMessageContaining("returned before");
            scope.join();
        }
    }

    @Test
    void canBeReadyOnlyOnce() throws Exception {
        AtomicReference<Throwable> second = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            Started<String> started = scope.start(ready -> {
                ready.started("first");
                try {
                    ready.started("second");
                } catch (IllegalStateException e) {
                    second.set(e);
                }
            });
            scope.join();
            assertThat(started.value()).isEqualTo("first");
            assertThat(second.get()).hasMessageContaining(started.subtask().name());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aCallerWhoIsInterruptedCancelsIt(TaskKind kind) throws Exception {
        Thread caller = Thread.currentThread();
        AtomicReference<Readiness<Object>> readiness = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.start(kind, ready -> {
                        readiness.set(ready);
                        caller.interrupt();
                        Patience.forever();
                    }))
                    .isInstanceOf(InterruptedException.class);
            scope.join();
            assertThat(scope.cancelReason()).isEmpty();
            readiness.get().started("nobody listens");
        }
    }

    /** It is nobody's but the scope's then: a failure is never lost. */
    @Test
    void whatGoesWrongAfterTheCallerHasGoneIsTheScopes() {
        Thread caller = Thread.currentThread();
        IllegalStateException failure = new IllegalStateException("in clean-up");
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.start(ready -> {
                        try {
                            caller.interrupt();
                            Patience.forever();
                        } catch (InterruptedException e) {
                            Patience.awaitDeaf(release);
                            throw failure;
                        }
                    }))
                    .isInstanceOf(InterruptedException.class);
            release.countDown();
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(failure);
        }
    }

    @Test
    void aFailureThatComesTogetherWithTheInterruptOfTheCallerIsSuppressedOnIt() {
        Thread caller = Thread.currentThread();
        IllegalStateException failure = new IllegalStateException("the port is taken");
        for (int round = 0; round < 200; round++) {
            try (var scope = MixedScope.open()) {
                Throwable told = null;
                try {
                    scope.start(ready -> {
                        caller.interrupt();
                        throw failure;
                    });
                } catch (InterruptedException | ScopeFailedException e) {
                    told = e;
                }
                boolean callerKnows = told.getCause() == failure || told.getSuppressed().length > 0;
                Throwable joined = null;
                try {
                    if (Thread.interrupted()) {
                        assertThat(told).isInstanceOf(ScopeFailedException.class);
                    }
                    scope.join();
                } catch (InterruptedException | ScopeFailedException e) {
                    joined = e;
                }
                assertThat(callerKnows || (joined != null && joined.getCause() == failure))
                        .as("somebody knows of the failure: %s, %s", told, joined)
                        .isTrue();
            }
        }
    }

    @Test
    void inACancelledScopeNothingStarts() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.cancel("enough");
            assertThatThrownBy(() -> scope.start(ready -> ready.started("never")))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCauseInstanceOf(CancellationException.class)
                    .hasMessageContaining("enough");
            scope.join();
        }
    }

    @Test
    void theCancelOfTheScopeEndsTheWait() throws Exception {
        IllegalStateException failure = new IllegalStateException("of another");
        try (var scope = MixedScope.open()) {
            scope.fork(() -> {
                Patience.await(release);
                throw failure;
            });
            assertThatThrownBy(() -> scope.start(ready -> {
                        release.countDown();
                        Patience.forever();
                    }))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(failure);
            assertThatThrownBy(scope::join).hasCause(failure);
        }
    }

    private static class Server {
        @Cpu
        static void run(Readiness<String> ready) {
            ready.started("never");
        }
    }

    @Test
    void aCpuTaskIsRefused() throws Exception {
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.start(TaskKind.CPU, ready -> ready.started("never")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("CPU");
            assertThatThrownBy(() -> scope.start(Server::run)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> scope.start(TaskKind.IO, null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> scope.start(null, ready -> {})).isInstanceOf(NullPointerException.class);
            scope.join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aChildMayStartInAScopeFurtherOut(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Void>> server = new AtomicReference<>();
        try (var outer = MixedScope.open()) {
            Subtask<Integer> child = outer.fork(kind, () -> {
                try (var inner = MixedScope.open()) {
                    Subtask<Integer> grandchild = inner.fork(kind, () -> {
                        Started<Integer> started = outer.start(kind, ready -> {
                            ready.started(4711);
                            Patience.await(release);
                        });
                        server.set(started.subtask());
                        return started.value();
                    });
                    inner.join();
                    return grandchild.get();
                }
            });
            assertThat(child.await()).isEqualTo(4711);
            assertThat(server.get().state()).isEqualTo(State.UNAVAILABLE);
            release.countDown();
            outer.join();
        }
    }

    @Test
    void whereTheCallerMayNotForkItMayNotStart() throws Exception {
        var scope = MixedScope.open();
        Throwable foreign = Patience.onItsOwnThread(() -> {
            try {
                scope.start(ready -> ready.started("never"));
                return null;
            } catch (WrongThreadException e) {
                return e;
            }
        });
        assertThat(foreign).hasMessageContaining(scope.name());
        scope.close();
        assertThatThrownBy(() -> scope.start(ready -> ready.started("never")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    // ---------------------------------------------------------------- with limiters

    /** Whoever has what it waited for waits no more, also if its thread has not noticed yet. */
    @Test
    void aTaskThatIsReadyMayWaitForAPermitOfItsCaller() throws Exception {
        Limiter limiter = Limiter.of("db", 1);
        for (int round = 0; round < 300; round++) {
            try (var scope = MixedScope.open()) {
                Started<String> started = limiter.call(() -> scope.start(ready -> {
                    ready.started("ready");
                    limiter.call(() -> null);
                }));
                assertThat(started.value()).isEqualTo("ready");
                scope.join();
            }
        }
    }

    @Test
    void aTaskThatNeedsThePermitOfItsCallerToBeginIsRefusedAndNeverRuns() throws Exception {
        Limiter limiter = Limiter.of("db", 1);
        AtomicReference<Throwable> refused = new AtomicReference<>();
        AtomicReference<String> ran = new AtomicReference<>();
        try (var scope = MixedScope.open(c -> c.withLimiter(TaskKind.BLOCKING, limiter))) {
            scope.fork(TaskKind.BLOCKING, () -> {
                try {
                    scope.start(TaskKind.BLOCKING, ready -> {
                        ran.set("ran");
                        ready.started("never");
                    });
                } catch (LimiterDeadlockException e) {
                    refused.set(e);
                }
            });
            scope.join();
        }
        assertThat(refused.get()).isInstanceOf(LimiterDeadlockException.class).hasMessageContaining("'db'");
        assertThat(ran).hasNullValue();
        assertThat(limiter.stats().inUse()).isZero();
    }
}
