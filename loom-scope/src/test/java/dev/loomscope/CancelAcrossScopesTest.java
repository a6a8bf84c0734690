package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.ScopeFailedException.Failure;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A cancel where scopes and shields stand in each other. */
class CancelAcrossScopesTest {

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    @Test
    void aCancelThatFindsNothingToStopIsNoError() throws Exception {
        int result = MixedScope.call(scope -> {
            Subtask<Integer> done = scope.fork(() -> 2);
            int value = done.await();
            scope.cancel("nothing is left to do");
            return value + 1;
        });
        assertThat(result).isEqualTo(3);
    }

    @Test
    void whereBothAreCancelledTheOuterOneHasTheLastWord() {
        ScopeFailedException thrown = catchThrowableOfType(
                ScopeFailedException.class,
                () -> MixedScope.call(outer -> {
                    AtomicReference<ScopeFailedException> ofInner = new AtomicReference<>();
                    try {
                        return MixedScope.call(inner -> {
                            inner.cancel("the inner reason");
                            outer.cancel("the outer reason");
                            return Patience.forever();
                        });
                    } catch (ScopeFailedException e) {
                        ofInner.set(e);
                        throw e;
                    } finally {
                        assertThat(ofInner.get().cancelReason().orElseThrow().text())
                                .isEqualTo("the inner reason");
                    }
                }));
        assertThat(thrown.cancelReason().orElseThrow().text()).isEqualTo("the outer reason");
    }

    /** A subtask whose own scope was cancelled from around was cancelled, and did not fail. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aScopeThatPassesACancelOnIsNoFailure(TaskKind kind) {
        CountDownLatch inside = new CountDownLatch(1);
        try (var outer = MixedScope.open()) {
            Subtask<Object> withAScope = outer.fork(kind, () -> {
                try (var inner = MixedScope.open()) {
                    inner.fork(kind, () -> {
                        inside.countDown();
                        return Patience.forever();
                    });
                    return inner.join();
                }
            });
            Patience.awaitDeaf(inside);
            outer.cancel("from around");
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, outer::join);
            assertThat(thrown.failures()).isEmpty();
            assertThat(thrown).hasCauseInstanceOf(CancellationException.class);
            assertThat(withAScope.state()).isEqualTo(State.CANCELLED);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatFailsInsideWhileTheOuterScopeFailsIsToldToo(TaskKind kind) {
        IllegalStateException ofOuter = new IllegalStateException("of the outer scope");
        IllegalStateException ofInner = new IllegalStateException("of the inner scope");
        CountDownLatch inside = new CountDownLatch(1);
        try (var outer = MixedScope.open()) {
            Subtask<Object> withAScope = outer.fork(
                    kind,
                    () -> MixedScope.call(inner -> inner.fork(kind, () -> {
                        inside.countDown();
                        try {
                            return Patience.forever();
                        } catch (InterruptedException e) {
                            throw ofInner;
                        }
                    })));
            Subtask<Object> failing = outer.fork(kind, () -> {
                Patience.await(inside);
                throw ofOuter;
            });
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, outer::join);
            assertThat(thrown.failures()).extracting(Failure::subtask).containsExactly(failing, withAScope);
            assertThat(thrown).hasCause(ofOuter);
            assertThat(tellsOf(ofInner, withAScope.exception())).isTrue();
        }
    }

    /** The closing join of the inner scope may have been interrupted: then what failed is suppressed on the interrupt. */
    private static boolean tellsOf(Throwable expected, Throwable thrown) {
        return Stream.concat(Stream.of(thrown), Stream.of(thrown.getSuppressed()))
                .anyMatch(e -> e instanceof ScopeFailedException && e.getCause() == expected);
    }

    /** Both forms of a scope: whoever is interrupted in its join still finds what failed inside. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFailureIsNotLostInAJoinThatWasInterrupted(boolean tryForm) {
        IllegalStateException failure = new IllegalStateException("during the clean-up");
        MixedScope.Body<Object, RuntimeException> body = scope -> {
            CountDownLatch inside = new CountDownLatch(1);
            scope.fork(() -> {
                inside.countDown();
                try {
                    return Patience.forever();
                } catch (InterruptedException e) {
                    throw failure;
                }
            });
            Patience.await(inside);
            Thread.currentThread().interrupt();
            return "left to the join";
        };
        Throwable thrown = catchThrowable(() -> {
            if (tryForm) {
                try (MixedScope<Object, Void> scope = MixedScope.open()) {
                    body.run(scope);
                    scope.join();
                }
            } else {
                MixedScope.call(body);
            }
        });
        assertThat(thrown).isInstanceOf(InterruptedException.class);
        assertThat(tellsOf(failure, thrown)).isTrue();
    }

    @Test
    void aDeepNestOfScopesIsCancelledWithoutAnOverflow() throws Exception {
        int depth = 3_000;
        Patience.onItsOwnThread(() -> {
            Deque<MixedScope<Object, Void>> open = new ArrayDeque<>();
            for (int i = 0; i < depth; i++) {
                open.push(MixedScope.open());
            }
            MixedScope<Object, Void> innermost = open.getFirst();
            Subtask<Void> leaf = innermost.fork(() -> Patience.forever());
            open.getLast().cancel("from the top");
            assertThatThrownBy(innermost::join).isInstanceOf(ScopeFailedException.class);
            assertThat(leaf.state()).isEqualTo(State.CANCELLED);
            assertThat(innermost.cancelReason().orElseThrow().text())
                    .contains("from the top")
                    .hasSizeLessThan(1_000);
            open.forEach(MixedScope::close);
            return null;
        });
    }

    @Test
    void aShieldKeepsOutWhatComesFromAroundButNotACancelInside() {
        CountDownLatch open = new CountDownLatch(1);
        ScopeFailedException thrown = catchThrowableOfType(
                ScopeFailedException.class,
                () -> MixedScope.call(outer -> {
                    Thread.ofPlatform().start(open::countDown);
                    Shield.run(() -> {
                        outer.cancel("from around");
                        Patience.await(open); // not interrupted
                        MixedScope.checkCancelled();
                        try (var inside = MixedScope.open()) {
                            assertThat(inside.fork(() -> "runs").await()).isEqualTo("runs");
                            inside.cancel("inside");
                            assertThatThrownBy(MixedScope::checkCancelled).hasMessageContaining("inside");
                            assertThat(inside.fork(() -> "never").state()).isEqualTo(State.CANCELLED);
                            assertThatThrownBy(inside::join).isInstanceOf(ScopeFailedException.class);
                        }
                        MixedScope.checkCancelled();
                    });
                    assertThatThrownBy(MixedScope::checkCancelled).hasMessageContaining("from around");
                    return Patience.forever();
                }));
        assertThat(thrown).hasMessageContaining("from around");
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatAShieldHeldBackCutsTheNextWait(TaskKind kind) throws Exception {
        CountDownLatch behind = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<String> reached = new AtomicReference<>("nothing");
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(kind, () -> {
                Shield.run(() -> {
                    behind.countDown();
                    Patience.await(release);
                    reached.set("the end of the shield");
                });
                return Patience.forever();
            });
            Patience.await(behind);
            scope.cancel();
            release.countDown();
            scope.join();
            assertThat(reached).hasValue("the end of the shield");
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    /** The shield stands around the owner's code, not around what it has forked before. */
    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void theShieldOfTheOwnerDoesNotCoverItsSubtasks(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(kind, () -> Patience.forever());
            Patience.until("it runs", () -> subtask.startedAt().isPresent());
            Shield.run(() -> {
                scope.cancel();
                Patience.until("it has ended", () -> subtask.state() == State.CANCELLED);
            });
            scope.join();
        }
    }

    /** An interrupt comes once, but whoever asks is told each time. */
    @Test
    void checkCancelledThrowsEachTimeItIsAsked() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.cancel("over");
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(MixedScope::checkCancelled)
                        .isInstanceOf(CancellationException.class)
                        .hasMessageContaining("over");
            }
            scope.join();
        }
        MixedScope.checkCancelled(); // the scope is behind us
    }
}
