package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.ScopeFailedException.Failure;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeListener;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What join throws, and that no failure is lost. */
class FailureTest {

    private static ScopeFailedException failureOf(MixedScope<?, ?> scope) {
        ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
        assertThat(thrown).as("what join threw").isNotNull();
        return thrown;
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void aSingleFailureIsWrappedToo(TaskKind kind) {
        try (var scope = MixedScope.open()) {
            Subtask<Object> subtask = scope.fork("breaks", kind, () -> {
                throw new IllegalArgumentException("broken");
            });
            ScopeFailedException thrown = failureOf(scope);
            assertThat(thrown).isInstanceOf(ExecutionException.class).hasMessageContaining("breaks");
            assertThat(thrown.getCause())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("broken");
            assertThat(thrown.failures()).containsExactly(new Failure(subtask, thrown.getCause()));
            assertThat(thrown.getSuppressed()).isEmpty();
            assertThat(subtask.exception()).isSameAs(thrown.getCause());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void theFirstFailureIsTheCauseAndOneThrownDuringCancellationIsSuppressed(TaskKind kind) {
        IllegalStateException first = new IllegalStateException("first");
        IllegalStateException cleanup = new IllegalStateException("clean-up failed");
        CountDownLatch started = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            Subtask<Object> second = scope.fork(kind, () -> {
                started.countDown();
                try {
                    return Patience.forever();
                } catch (InterruptedException e) {
                    throw cleanup;
                }
            });
            Subtask<Object> failing = scope.fork(kind, () -> {
                Patience.await(started);
                throw first;
            });
            ScopeFailedException thrown = failureOf(scope);
            assertThat(thrown).hasCause(first).hasMessageContaining("1 further failure");
            assertThat(thrown.failures()).containsExactly(new Failure(failing, first), new Failure(second, cleanup));
            assertThat(thrown.getSuppressed()).containsExactly(cleanup);
            assertThat(second.state()).isEqualTo(State.FAILED);
        }
    }

    @Test
    void aFailureDuringAnExplicitCancelIsNotLost() {
        IllegalStateException cleanup = new IllegalStateException("clean-up failed");
        CountDownLatch started = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            scope.fork(() -> {
                started.countDown();
                try {
                    Patience.forever();
                } finally {
                    throwIt(cleanup);
                }
            });
            Patience.awaitDeaf(started);
            scope.cancel();
            assertThat(failureOf(scope)).hasCause(cleanup);
        }
    }

    private static void throwIt(RuntimeException e) {
        throw e;
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatIsShapedLikeAnInterruptIsNoFailureOfACancelledSubtask(TaskKind kind) {
        IllegalStateException first = new IllegalStateException("first");
        CountDownLatch started = new CountDownLatch(2);
        try (var scope = MixedScope.open()) {
            Subtask<Object> plain = scope.fork(kind, () -> {
                started.countDown();
                return Patience.forever();
            });
            Subtask<Object> wrapped = scope.fork(kind, () -> {
                started.countDown();
                try {
                    return Patience.forever();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("wrapped by legacy code", new RuntimeException(e));
                }
            });
            scope.fork(kind, () -> {
                Patience.await(started);
                throw first;
            });
            ScopeFailedException thrown = failureOf(scope);
            assertThat(thrown.failures()).extracting(Failure::exception).containsExactly(first);
            assertThat(List.of(plain.state(), wrapped.state())).containsOnly(State.CANCELLED);
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void whatIsShapedLikeAnInterruptIsAFailureIfNobodyCancelled(TaskKind kind) {
        try (var scope = MixedScope.open()) {
            scope.fork(kind, () -> {
                throw new InterruptedException("my own");
            });
            assertThat(failureOf(scope).getCause())
                    .isInstanceOf(InterruptedException.class)
                    .hasMessage("my own");
        }
    }

    @Test
    void atMostThirtyTwoAreSuppressedAndTheRestIsCounted() {
        int all = 50;
        CountDownLatch started = new CountDownLatch(all);
        try (var scope = MixedScope.open()) {
            IntStream.range(0, all)
                    .forEach(n -> scope.fork(() -> {
                        started.countDown();
                        Patience.awaitDeaf(started);
                        throw new IllegalStateException("number " + n);
                    }));
            ScopeFailedException thrown = failureOf(scope);
            assertThat(thrown.failures()).hasSize(all);
            assertThat(thrown.failures()).extracting(Failure::subtask).doesNotHaveDuplicates();
            assertThat(thrown.getSuppressed()).hasSize(32).doesNotContain(thrown.getCause());
            assertThat(thrown).hasMessageContaining("49").hasMessageContaining("32");
        }
    }

    /** Failures that race are still one order: the cause of the exception is the first of its list. */
    @Test
    void theCauseIsTheFirstOfTheListAlsoWhenFailuresRace() {
        CountDownLatch secondEnded = new CountDownLatch(1);
        ScopeListener slowOnFirst = event -> {
            if (event instanceof ScopeEvent.SubtaskFinished finished
                    && finished.subtask().equals("first")) {
                Patience.awaitDeaf(secondEnded); // the first is held up between its failure and the joiner
            }
        };
        try (var scope = MixedScope.open(c -> c.withListener(slowOnFirst))) {
            CountDownLatch both = new CountDownLatch(2);
            Subtask<Object> first = scope.fork("first", () -> {
                both.countDown();
                Patience.awaitDeaf(both);
                throw new IllegalStateException("first");
            });
            Subtask<Object> second = scope.fork("second", () -> {
                both.countDown();
                Patience.awaitDeaf(both);
                Patience.until("the first has failed", () -> first.state() == State.FAILED);
                throw new IllegalStateException("second");
            });
            Thread.ofPlatform().start(() -> {
                Patience.until("the second has failed", () -> second.state() == State.FAILED);
                Patience.until(
                        "the joiner has heard of it", () -> scope.cancelReason().isPresent());
                secondEnded.countDown();
            });
            ScopeFailedException thrown = failureOf(scope);
            assertThat(thrown.getCause()).isSameAs(thrown.failures().get(0).exception());
        }
    }

    @Test
    void theExceptionsOfTasksAreNotChanged() {
        IllegalStateException first = new IllegalStateException("first");
        IllegalStateException second = new IllegalStateException("second");
        StackTraceElement[] trace = first.getStackTrace();
        CountDownLatch started = new CountDownLatch(2);
        try (var scope = MixedScope.open()) {
            for (IllegalStateException failure : List.of(first, second)) {
                scope.fork(() -> {
                    started.countDown();
                    Patience.awaitDeaf(started);
                    throw failure;
                });
            }
            failureOf(scope);
        }
        for (IllegalStateException failure : List.of(first, second)) {
            assertThat(failure.getSuppressed()).isEmpty();
            assertThat(failure.getCause()).isNull();
        }
        assertThat(first.getStackTrace()).isEqualTo(trace);
    }

    @Test
    void twoSubtasksMayThrowTheSameObject() {
        IllegalStateException shared = new IllegalStateException("a constant");
        CountDownLatch started = new CountDownLatch(2);
        try (var scope = MixedScope.open()) {
            for (int i = 0; i < 2; i++) {
                scope.fork(() -> {
                    started.countDown();
                    Patience.awaitDeaf(started);
                    throw shared;
                });
            }
            ScopeFailedException thrown = failureOf(scope);
            assertThat(thrown).hasCause(shared);
            assertThat(thrown.failures()).extracting(Failure::exception).containsExactly(shared, shared);
            assertThat(thrown.failures()).extracting(Failure::subtask).doesNotHaveDuplicates();
            thrown.printStackTrace(new PrintWriter(new StringWriter()));
        }
    }

    @Test
    void causesInACircleDoNotHang() {
        CountDownLatch started = new CountDownLatch(1);
        Exception one = new Exception("one");
        Exception two = new Exception("two", one);
        one.initCause(two);
        try (var scope = MixedScope.open()) {
            Subtask<Object> circular = scope.fork(() -> {
                started.countDown();
                try {
                    return Patience.forever();
                } catch (InterruptedException e) {
                    throw two;
                }
            });
            Patience.awaitDeaf(started);
            scope.cancel();
            assertThat(failureOf(scope)).hasCause(two);
            assertThat(circular.state()).isEqualTo(State.FAILED);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void anErrorIsAFailureLikeAnyOther(TaskKind kind) {
        AssertionError error = new AssertionError("an error");
        try (var scope = MixedScope.open()) {
            scope.fork(kind, () -> {
                throw error;
            });
            assertThat(failureOf(scope)).hasCause(error);
        }
    }

    @Test
    void anExceptionThatCannotSayWhatItIsHidesNothing() {
        class Mute extends RuntimeException {
            @Override
            public String toString() {
                throw new IllegalStateException("no words");
            }
        }
        Mute mute = new Mute();
        try (var scope = MixedScope.open()) {
            Subtask<Object> subtask = scope.fork(() -> {
                throw mute;
            });
            assertThat(catchThrowable(subtask::await))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasMessageContaining(Mute.class.getName());
            assertThat(catchThrowable(scope::join))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasMessageContaining(Mute.class.getName())
                    .satisfies(e -> assertThat(e.getCause()).isSameAs(mute));
        }
    }

    @Test
    void theFailuresOfScopesInsideStandInPlaceOfTheExceptionThatToldOfThem() {
        IllegalStateException deep = new IllegalStateException("deep");
        IllegalStateException flat = new IllegalStateException("flat");
        CountDownLatch deepHasFailed = new CountDownLatch(1);
        CountDownLatch besideRuns = new CountDownLatch(1);
        ScopeFailedException thrown = catchThrowableOfType(
                ScopeFailedException.class,
                () -> MixedScope.call(scope -> {
                    scope.fork("outer", TaskKind.IO, () -> {
                        Patience.await(besideRuns);
                        try {
                            return MixedScope.call(inner -> inner.fork("inner", TaskKind.IO, () -> {
                                throw deep;
                            }));
                        } finally {
                            deepHasFailed.countDown();
                        }
                    });
                    scope.fork("beside", TaskKind.IO, () -> {
                        besideRuns.countDown();
                        Patience.awaitDeaf(deepHasFailed);
                        throw flat;
                    });
                    return null;
                }));
        assertThat(thrown.failures())
                .extracting(Failure::exception)
                .contains(flat)
                .doesNotContain(deep);
        assertThat(thrown.allFailures()).extracting(Failure::exception).containsExactlyInAnyOrder(deep, flat);
        assertThat(thrown.allFailures())
                .extracting(failure -> failure.subtask().name())
                .containsExactlyInAnyOrder("inner", "beside");
    }

    @Test
    @Timeout(Patience.LIMIT_SECONDS)
    void anExceptionWhoseCauseCannotBeAskedForIsAFailureLikeAnyOther() {
        class Hostile extends RuntimeException {
            @Override
            public Throwable getCause() {
                throw new IllegalStateException("no cause");
            }
        }
        CountDownLatch running = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Object> subtask = scope.fork(() -> {
                running.countDown();
                try {
                    return Patience.forever();
                } catch (InterruptedException e) {
                    throw new Hostile();
                }
            });
            Patience.await(running);
            scope.cancel();
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.FAILED);
        } catch (InterruptedException | ScopeFailedException e) {
            throw new AssertionError(e);
        }
    }
}
