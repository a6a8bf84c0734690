package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.ScopeFailedException.Failure;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Waiting for one subtask. */
class AwaitTest {

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void givesTheOwnerTheResultBeforeTheJoin(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            scope.fork(() -> Patience.await(release));
            Subtask<Integer> subtask = scope.fork(kind, () -> 6 * 7);
            assertThat(subtask.await()).isEqualTo(42);
            assertThat(subtask.get()).isEqualTo(42); // awaited: no join needed
            release.countDown();
            scope.join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void givesASiblingTheResult(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            Subtask<String> slow = scope.fork(kind, () -> {
                Patience.await(release);
                return "slow";
            });
            Subtask<String> waiting = scope.fork(kind, () -> "heard: " + slow.await());
            release.countDown();
            scope.join();
            assertThat(waiting.get()).isEqualTo("heard: slow");
        }
    }

    @Test
    void worksForAnySubtaskOfTheTree() throws Exception {
        try (var outer = MixedScope.open()) {
            Subtask<String> above = outer.fork(() -> "above");
            Subtask<String> below = outer.fork(() -> {
                try (var inner = MixedScope.open()) {
                    Subtask<String> leaf = inner.fork(() -> "below, " + above.await());
                    inner.join();
                    return leaf.get();
                }
            });
            assertThat(below.await()).isEqualTo("below, above");
            outer.join();
        }
    }

    @Test
    void manyMayWaitForTheSame() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.<Object, List<Object>>open(Joiner.allSuccessfulOrThrow())) {
            Subtask<String> slow = scope.fork(() -> {
                Patience.await(release);
                return "slow";
            });
            for (int i = 0; i < 50; i++) {
                scope.fork(() -> slow.await());
            }
            release.countDown();
            assertThat(scope.join()).hasSize(51).containsOnly("slow");
        }
    }

    @Test
    void ofItselfIsRefused() throws Exception {
        AtomicReference<Subtask<Object>> self = new AtomicReference<>();
        CountDownLatch forked = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            self.set(scope.fork("narcissus", () -> {
                Patience.await(forked);
                return self.get().await();
            }));
            forked.countDown();
            scope.join();
            assertThat(self.get().exception())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("narcissus");
        }
    }

    @Test
    void fromOutsideTheTreeIsRefused() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork(() -> "done");
            Thread.ofPlatform()
                    .start(() -> thrown.set(catchThrowable(subtask::await)))
                    .join();
            scope.join();
        }
        assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
    }

    @Test
    void ofAFailedOneThrowsItsExceptionWrappedAndAmongTheFailures() throws Exception {
        IllegalStateException failure = new IllegalStateException("failure");
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Object> subtask = scope.fork(() -> {
                throw failure;
            });
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, subtask::await);
            assertThat(thrown).hasCause(failure);
            assertThat(thrown.failures()).containsExactly(new Failure(subtask, failure));
            assertThat(subtask.exception()).isSameAs(failure);
            scope.join();
        }
    }

    /** Whoever can see that a subtask has failed can also see the failure. */
    @Test
    void ofOneThatFailsAtThisMomentHasItAmongTheFailures() throws Exception {
        for (int round = 0; round < 2_000; round++) {
            try (var scope = MixedScope.open(Joiner.awaitAll())) {
                Subtask<Object> subtask = scope.fork(() -> {
                    throw new IllegalStateException("failure");
                });
                while (subtask.state() == State.UNAVAILABLE) {
                    Thread.onSpinWait();
                }
                ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, subtask::await);
                assertThat(thrown.failures()).as("round %d", round).hasSize(1);
                scope.join();
            }
        }
    }

    @Test
    void ofACancelledOneThrowsAndHasNoFailures() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> subtask = scope.fork(() -> Patience.forever());
            subtask.cancel();
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, subtask::await);
            assertThat(thrown).hasCauseInstanceOf(CancellationException.class);
            assertThat(thrown.failures()).isEmpty();
            scope.join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void wakesWhenAnotherSubtaskFailsAlsoIfTheAwaitedOneIsDeaf(TaskKind kind) {
        CountDownLatch release = new CountDownLatch(1);
        IllegalStateException failure = new IllegalStateException("of another");
        try (var scope = MixedScope.open()) {
            Subtask<String> deaf = scope.fork(kind, () -> {
                Patience.awaitDeaf(release);
                return "deaf";
            });
            Patience.until("it has started", () -> deaf.startedAt().isPresent());
            scope.fork(kind, () -> {
                throw failure;
            });
            assertThatThrownBy(deaf::await)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(failure);
            assertThat(deaf.state()).isEqualTo(State.UNAVAILABLE);
            release.countDown();
            assertThatThrownBy(scope::join).hasCause(failure);
        }
    }

    @Test
    void wakesWhenTheScopeIsCancelledFromOutside() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> deaf = scope.fork(() -> {
                Patience.awaitDeaf(release);
                return "deaf";
            });
            Patience.until("it has started", () -> deaf.startedAt().isPresent());
            Thread owner = Thread.currentThread();
            Thread.ofPlatform().start(() -> {
                Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
                scope.cancel("enough");
            });
            assertThatThrownBy(deaf::await)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCauseInstanceOf(CancellationException.class);
            release.countDown();
            scope.join();
            assertThat(deaf.get()).isEqualTo("deaf");
        }
    }

    /** Rule 7: in every call of ours, also one on a handle of an enclosing scope. */
    @Test
    void ofASubtaskFurtherOutWakesWhenAChildFurtherInFails() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        IllegalStateException failure = new IllegalStateException("of the inner child");
        try (var outer = MixedScope.open()) {
            Subtask<String> slow = outer.fork(() -> {
                release.await(5, TimeUnit.SECONDS); // ends a test that would hang
                return "slow";
            });
            try (var inner = MixedScope.open()) {
                inner.fork(() -> {
                    throw failure;
                });
                assertThat(catchThrowable(slow::await))
                        .as("what await threw")
                        .isInstanceOf(ScopeFailedException.class)
                        .hasCause(failure);
                assertThatThrownBy(inner::join).hasCause(failure);
            } finally {
                release.countDown();
            }
            outer.join();
        }
    }

    @Test
    void anInterruptedCallerHearsSoAndTheSubtaskGoesOn() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork(() -> {
                Patience.await(release);
                return "goes on";
            });
            Thread owner = Thread.currentThread();
            Thread.ofPlatform().start(() -> {
                Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
                owner.interrupt();
            });
            assertThatThrownBy(subtask::await).isInstanceOf(InterruptedException.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            release.countDown();
            assertThat(subtask.await()).isEqualTo("goes on");
            scope.join();
        }
    }
}
