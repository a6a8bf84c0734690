package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Code that a cancel does not cut. */
class ShieldTest {

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    /** What can cancel a subtask. Each has happened when this returns. */
    private enum How {
        SUBTASK,
        SCOPE,
        ENCLOSING,
        DEADLINE;

        void cancel(MixedScope<?, ?> outer, MixedScope<?, ?> scope, Subtask<?> subtask) {
            switch (this) {
                case SUBTASK -> subtask.cancel();
                case SCOPE -> scope.cancel();
                case ENCLOSING -> outer.cancel();
                case DEADLINE -> scope.moveDeadline(Deadline.after(Duration.ZERO));
            }
        }
    }

    static Stream<Arguments> kindsAndCancels() {
        return Stream.of(TaskKind.IO, TaskKind.BLOCKING)
                .flatMap(kind -> Stream.of(How.values()).map(how -> Arguments.of(kind, how)));
    }

    @ParameterizedTest
    @MethodSource("kindsAndCancels")
    void theInterruptOfACancelComesWhenTheCodeHasEnded(TaskKind kind, How how) throws Exception {
        CountDownLatch behind = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        try (var outer = MixedScope.open(Joiner.awaitAll());
                var scope = MixedScope.open(Joiner.awaitAll())) {
            AtomicReference<String> cleanUp = new AtomicReference<>();
            Subtask<Void> subtask = scope.fork(kind, () -> {
                Shield.run(() -> {
                    behind.countDown();
                    Patience.await(cancelled);
                    cleanUp.set("complete");
                });
                return Patience.forever();
            });
            Patience.await(behind);
            how.cancel(outer, scope, subtask);
            assertThat(subtask.cancelReason()).isPresent();
            cancelled.countDown();
            joinAnyhow(scope);
            assertThat(cleanUp).hasValue("complete");
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
            outer.join();
        }
    }

    private static void joinAnyhow(MixedScope<?, ?> scope) throws InterruptedException {
        try {
            scope.join();
        } catch (DeadlineExceededException e) {
            // as it should
        } catch (ScopeFailedException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @MethodSource("kindsAndCancels")
    void anInterruptThatCameJustBeforeIsTakenBackAndComesAgain(TaskKind kind, How how) throws Exception {
        CountDownLatch runs = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        try (var outer = MixedScope.open(Joiner.awaitAll());
                var scope = MixedScope.open(Joiner.awaitAll())) {
            AtomicReference<String> cleanUp = new AtomicReference<>();
            Subtask<Void> subtask = scope.fork(kind, () -> {
                runs.countDown();
                Patience.until("it is interrupted", () -> Thread.currentThread().isInterrupted());
                Shield.run(() -> {
                    Patience.await(cancelled);
                    cleanUp.set("complete");
                });
                return Patience.forever();
            });
            Patience.await(runs);
            how.cancel(outer, scope, subtask);
            cancelled.countDown();
            joinAnyhow(scope);
            assertThat(cleanUp).hasValue("complete");
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
            outer.join();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void anInterruptThatTheTaskHasTakenDoesNotComeAgain(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Boolean> subtask = scope.fork(kind, () -> {
                try {
                    Patience.forever();
                } catch (InterruptedException e) {
                    Shield.run(() -> {});
                }
                return Thread.currentThread().isInterrupted();
            });
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel();
            scope.join();
            assertThat(subtask.get()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void theOutermostOfNestedShieldsCounts(TaskKind kind) throws Exception {
        CountDownLatch behind = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> subtask = scope.fork(kind, () -> {
                String seen = Shield.call(() -> {
                    boolean inside = Shield.call(() -> {
                        behind.countDown();
                        Patience.await(cancelled);
                        return Thread.currentThread().isInterrupted();
                    });
                    MixedScope.checkCancelled();
                    return inside + " " + Thread.currentThread().isInterrupted();
                });
                return seen + " " + Thread.currentThread().isInterrupted();
            });
            Patience.await(behind);
            subtask.cancel();
            cancelled.countDown();
            scope.join();
            assertThat(subtask.get()).isEqualTo("false false true");
        }
    }

    @Test
    void interruptsOfOthersAreNotKeptBack() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(() -> Shield.call(() -> {
                Thread.currentThread().interrupt();
                return Patience.forever();
            }));
            scope.join();
            assertThat(subtask.exception()).isInstanceOf(InterruptedException.class);
        }
    }

    @Test
    void aCpuTaskIsKilledAllTheSame() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> deaf = scope.fork(TaskKind.CPU, () -> Shield.call(() -> Patience.spin()));
            Patience.until("it has started", () -> deaf.startedAt().isPresent());
            scope.cancel();
            scope.join();
            assertThat(deaf.state()).isEqualTo(State.CANCELLED);
        }
    }

    // ---------------------------------------------------------------- scopes behind a shield

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void aScopeOpenedBehindItIsNotCancelledFromOutside(TaskKind kind) throws Exception {
        try (var outer = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Integer> cleaning = outer.fork(() -> {
                try {
                    return (Integer) (Object) Patience.forever();
                } catch (InterruptedException e) {
                    return Shield.call(() -> {
                        try (var inner = MixedScope.open()) {
                            Subtask<Integer> round = inner.fork(kind, () -> 42);
                            inner.join();
                            assertThat(inner.cancelReason()).isEmpty();
                            return round.get();
                        }
                    });
                }
            });
            Patience.until("it has started", () -> cleaning.startedAt().isPresent());
            outer.cancel();
            outer.join();
            assertThat(cleaning.get()).isEqualTo(42);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatRunsInAScopeBehindItGoesOnWhenAllAroundIsCancelled(TaskKind kind) throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        try (var outer = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> cleaning = outer.fork(
                    kind,
                    () -> Shield.call(() -> {
                        try (var inner = MixedScope.open()) {
                            Subtask<String> round = inner.fork(kind, () -> {
                                running.countDown();
                                Patience.await(cancelled);
                                MixedScope.checkCancelled();
                                return "rolled back";
                            });
                            inner.join();
                            return round.get();
                        }
                    }));
            Patience.await(running);
            outer.cancel();
            cancelled.countDown();
            outer.join();
            assertThat(cleaning.get()).isEqualTo("rolled back");
        }
    }

    @Test
    void noDeadlineOutsideBindsAScopeBehindIt() throws Exception {
        Deadline far = Deadline.after(Duration.ofHours(1));
        Deadline farther = Deadline.after(Duration.ofHours(2));
        try (var outer = MixedScope.open(Joiner.awaitAll(), c -> c.withDeadline(far))) {
            Shield.run(() -> {
                assertThat(outer.deadline()).contains(far);
                try (var inner = MixedScope.open()) {
                    assertThat(inner.deadline()).isEmpty();
                    inner.moveDeadline(farther);
                    assertThat(inner.deadline()).contains(farther);
                    try (var innermost = MixedScope.open()) {
                        assertThat(innermost.deadline()).contains(farther);
                    }
                }
            });
            try (var inner = MixedScope.open()) {
                assertThat(inner.deadline()).contains(far);
            }
            Shield.run(() -> {
                try (var inner = MixedScope.open()) {
                    outer.moveDeadline(Deadline.after(Duration.ZERO));
                    assertThat(outer.cancelReason()).isPresent();
                    assertThat(inner.cancelReason()).isEmpty();
                }
            });
        }
    }

    @Test
    void aScopeThatIsForgottenBehindItIsClosedWithTheOneAroundAndNothingOfTheShieldStays() throws Exception {
        ScopePlace left = Patience.onItsOwnThread(() -> {
            var outer = MixedScope.open();
            AtomicReference<MixedScope<Object, Void>> forgotten = new AtomicReference<>();
            Shield.run(() -> forgotten.set(MixedScope.open()));
            assertThatThrownBy(outer::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(forgotten.get().name());
            assertThatThrownBy(() -> forgotten.get().fork(() -> {}))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
            return ScopeTree.here();
        });
        assertThat(left).as("where the thread stands").isNull();
    }

    // ---------------------------------------------------------------- our own calls behind a shield

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void checkCancelledSeesOnlyWhatStandsBehindItToo(TaskKind kind) throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> subtask = scope.fork(kind, () -> {
                Shield.run(() -> {
                    Patience.await(cancelled);
                    MixedScope.checkCancelled();
                    try (var own = MixedScope.open()) {
                        MixedScope.checkCancelled();
                        own.cancel("the clean-up takes too long");
                        assertThatThrownBy(MixedScope::checkCancelled)
                                .isInstanceOf(CancellationException.class)
                                .hasMessageContaining("takes too long");
                    }
                    MixedScope.checkCancelled();
                });
                assertThatThrownBy(MixedScope::checkCancelled).isInstanceOf(CancellationException.class);
                return "checked";
            });
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel();
            cancelled.countDown();
            scope.join();
            assertThat(subtask.get()).isEqualTo("checked");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void awaitBehindItWaitsForTheEndAlsoInACancelledScope(TaskKind kind) throws Exception {
        CountDownLatch behind = new CountDownLatch(2);
        CountDownLatch cancelled = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> awaited = scope.fork(
                    kind,
                    () -> Shield.call(() -> {
                        behind.countDown();
                        Patience.await(cancelled);
                        return "of the other";
                    }));
            Subtask<String> waiting = scope.fork(
                    kind,
                    () -> Shield.call(() -> {
                        behind.countDown();
                        return awaited.await();
                    }));
            Patience.await(behind);
            scope.cancel();
            cancelled.countDown();
            scope.join();
            assertThat(waiting.get()).isEqualTo("of the other");
        }
    }

    @Test
    void joinBehindItWaitsForTheEndAlsoInACancelledCall() {
        CountDownLatch behind = new CountDownLatch(1);
        CountDownLatch cancelled = new CountDownLatch(1);
        AtomicReference<Subtask<String>> shielded = new AtomicReference<>();
        assertThatThrownBy(() -> MixedScope.call(scope -> Shield.call(() -> {
                    shielded.set(scope.fork(() -> Shield.call(() -> {
                        behind.countDown();
                        Patience.await(cancelled);
                        return "to its end";
                    })));
                    scope.fork(() -> Patience.forever());
                    Patience.await(behind);
                    scope.cancel("enough");
                    cancelled.countDown();
                    return scope.join();
                })))
                .isInstanceOf(ScopeFailedException.class)
                .hasMessageContaining("enough");
        assertThat(shielded.get().get()).isEqualTo("to its end");
    }

    // ---------------------------------------------------------------- the body of call

    @Test
    void theBodyOfACallIsInterruptedWhenItsShieldHasEnded() {
        AtomicReference<String> cleanUp = new AtomicReference<>();
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    Shield.run(() -> {
                        scope.cancel("enough");
                        assertThat(Thread.currentThread().isInterrupted()).isFalse();
                        cleanUp.set("complete");
                    });
                    assertThat(Thread.currentThread().isInterrupted()).isTrue();
                    return Patience.forever();
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasMessageContaining("enough");
        assertThat(cleanUp).hasValue("complete");
    }

    @Test
    void theInterruptOfABodyThatCameJustBeforeComesAgain() {
        AtomicReference<String> cleanUp = new AtomicReference<>();
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    scope.cancel("enough");
                    assertThat(Thread.currentThread().isInterrupted()).isTrue();
                    Shield.run(() -> {
                        assertThat(Thread.currentThread().isInterrupted()).isFalse();
                        cleanUp.set("complete");
                    });
                    return Patience.forever();
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasMessageContaining("enough");
        assertThat(cleanUp).hasValue("complete");
    }

    @Test
    void aBodyThatEndsBehindAShieldKeepsNoInterrupt() {
        assertThatThrownBy(() -> MixedScope.call(scope -> Shield.call(() -> {
                    scope.fork(() -> Patience.forever());
                    scope.cancel("enough");
                    return "ended";
                })))
                .isInstanceOf(ScopeFailedException.class)
                .hasMessageContaining("enough");
    }

    @Test
    void theBodyOfACallInsideIsShieldedToo() {
        AtomicReference<String> cleanUp = new AtomicReference<>();
        assertThatThrownBy(() -> MixedScope.call(outer -> {
                    String result = MixedScope.call(inner -> Shield.call(() -> {
                        outer.cancel("from above");
                        assertThat(inner.cancelReason()).isPresent();
                        return Thread.currentThread().isInterrupted() ? "cut" : "complete";
                    }));
                    cleanUp.set(result);
                    return Patience.forever();
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasMessageContaining("from above");
        assertThat(cleanUp).hasValue("complete");
    }

    // ---------------------------------------------------------------- elsewhere

    @Test
    void outsideOfAnyScopeItJustRuns() throws Exception {
        assertThat(Shield.<String, RuntimeException>call(() -> "result")).isEqualTo("result");
        assertThat(Shield.<Object, RuntimeException>call(() -> null)).isNull();
        AtomicBoolean ran = new AtomicBoolean();
        Shield.run(() -> ran.set(true));
        assertThat(ran).isTrue();
        assertThatThrownBy(() -> Shield.call(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> Shield.run(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void whatTheCodeThrowsPassesUnchangedAndTheShieldIsGone() throws Exception {
        IOException checked = new IOException("the code's own");
        assertThatThrownBy(() -> Shield.run(() -> {
                    throw checked;
                }))
                .isSameAs(checked);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.cancel();
            assertThatThrownBy(() -> Shield.call(() -> {
                        MixedScope.checkCancelled();
                        throw checked;
                    }))
                    .isSameAs(checked);
            assertThatThrownBy(MixedScope::checkCancelled).isInstanceOf(CancellationException.class);
        }
        assertThat(checked.getSuppressed()).isEmpty();
        assertThatCode(MixedScope::checkCancelled).doesNotThrowAnyException();
    }

    @Test
    void aScopeThatIsClosedBehindAShieldIsLeftForGood() throws Exception {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.cancel();
        Shield.run(scope::close);
        MixedScope.checkCancelled();
        try (var next = MixedScope.open(c -> c.withName("next"))) {
            assertThat(next.cancelReason()).isEmpty();
            assertThat(MixedScope.dump()).contains("scope 'next'");
        }
    }
}
