package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.ScopeFailedException.Failure;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tasks that say when they are ready: to whom belongs what goes wrong, and who waits for whom. */
class StartedTasksTest {

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void theCallerGetsTheValueAndTheScopeWaitsForTheRest(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            Started<String> started = scope.start(kind, ready -> {
                ready.started("the value");
                Patience.await(release);
            });
            assertThat(started.value()).isEqualTo("the value");
            assertThat(started.subtask().state()).isEqualTo(State.UNAVAILABLE);
            release.countDown();
            scope.join();
            assertThat(started.subtask().state()).isEqualTo(State.SUCCESS);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aFailureBeforeItIsReadyIsTheCallersAlone(TaskKind kind) throws Exception {
        IllegalStateException early = new IllegalStateException("early");
        try (var scope = MixedScope.open()) {
            Subtask<String> sibling = scope.fork(kind, () -> "unharmed");
            assertThatThrownBy(() -> scope.start(kind, ready -> {
                        throw early;
                    }))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(early);
            scope.join();
            assertThat(sibling.get()).isEqualTo("unharmed");
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aFailureAfterItIsReadyIsTheScopes(TaskKind kind) throws Exception {
        IllegalStateException late = new IllegalStateException("late");
        try (var scope = MixedScope.open()) {
            CountDownLatch release = new CountDownLatch(1);
            Started<Integer> started = scope.start(kind, ready -> {
                ready.started(2);
                Patience.await(release);
                throw late;
            });
            assertThat(started.value()).isEqualTo(2);
            release.countDown();
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown.failures()).containsExactly(new Failure(started.subtask(), late));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void oneThatReturnsWithoutSayingSoIsToldToTheCaller(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.start(kind, ready -> {}))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCauseInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("before it had said that it is ready");
            scope.join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void sayingItTwiceIsRefused(TaskKind kind) throws Exception {
        AtomicReference<Throwable> second = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            scope.<Integer>start(kind, ready -> {
                ready.started(1);
                second.set(catchThrowable(() -> ready.started(2)));
            });
            scope.join();
        }
        assertThat(second.get()).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void joinWaitsForOneThatIsStillStarting(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean ended = new AtomicBoolean();
        CountDownLatch starting = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            scope.fork(
                    kind,
                    () -> scope.<String>start(kind, ready -> {
                        starting.countDown();
                        Patience.await(release);
                        ready.started("at last");
                        ended.set(true);
                    }));
            Patience.await(starting);
            Thread owner = Thread.currentThread();
            Thread.ofPlatform().start(() -> {
                Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
                release.countDown();
            });
            scope.join();
            assertThat(ended).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void inACancelledScopeItDoesNotBegin(TaskKind kind) throws Exception {
        AtomicBoolean ran = new AtomicBoolean();
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.cancel("over");
            assertThatThrownBy(() -> scope.start(kind, ready -> ran.set(true)))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasMessageContaining("over");
            scope.join();
        }
        assertThat(ran).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void inAClosedScopeItIsRefused(TaskKind kind) {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.close();
        assertThatThrownBy(() -> scope.start(kind, ready -> ready.started(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(scope.name());
    }

    /** Nobody waits for its readiness any more: it ends, as if its caller had been interrupted. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aCancelOfTheCallersOwnScopeEndsTheStartAndTheTask(TaskKind kind) throws Exception {
        IllegalStateException ofInner = new IllegalStateException("of the inner scope");
        CountDownLatch starting = new CountDownLatch(1);
        AtomicReference<Thread> starter = new AtomicReference<>();
        try (var outer = MixedScope.open()) {
            try (var inner = MixedScope.open()) {
                inner.fork(kind, () -> {
                    Patience.await(starting);
                    throw ofInner;
                });
                assertThatThrownBy(() -> outer.start(kind, ready -> {
                            starter.set(Thread.currentThread());
                            starting.countDown();
                            Patience.forever();
                        }))
                        .isInstanceOf(ScopeFailedException.class)
                        .hasCause(ofInner);
                assertThatThrownBy(inner::join).hasCause(ofInner);
            }
            outer.join();
            assertThat(outer.cancelReason()).isEmpty();
            starter.get().join();
        }
    }

    /** The caller has left: what goes wrong from then on has nobody else to go to than the scope. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatADesertedTaskThrowsInItsCleanUpIsTheScopes(TaskKind kind) {
        IllegalStateException cleanUp = new IllegalStateException("the clean-up failed");
        Thread caller = Thread.currentThread();
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.start(kind, ready -> {
                        Patience.until("the caller waits", () -> caller.getState() == Thread.State.WAITING);
                        caller.interrupt();
                        try {
                            Patience.forever();
                        } catch (InterruptedException e) {
                            throw cleanUp;
                        }
                    }))
                    .isInstanceOf(InterruptedException.class);
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(cleanUp);
        }
    }
}
