package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.ScopeFailedException.Failure;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeListener;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The lambda form of a scope. */
class CallTest {

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    /** Blocks in a call that is not ours and knows nothing of scopes. */
    private static Object foreignBlockingCall() throws InterruptedException {
        return new SynchronousQueue<>().take();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void joinsByItselfAndReturnsWhatTheBodyReturned(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Integer>> subtask = new AtomicReference<>();
        String result = MixedScope.call(scope -> {
            subtask.set(scope.fork(kind, () -> 1));
            return "of the body";
        });
        assertThat(result).isEqualTo("of the body");
        assertThat(subtask.get().state()).isEqualTo(State.SUCCESS);
    }

    @Test
    void theBodyMayJoinAndAwaitAsWell() throws Exception {
        int sum = MixedScope.call(scope -> {
            Subtask<Integer> one = scope.fork(() -> 1);
            Subtask<Integer> two = scope.fork(() -> 2);
            int first = one.await();
            scope.join();
            return first + two.get();
        });
        assertThat(sum).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aFailureInterruptsTheBodyInAForeignBlockingCall(TaskKind kind) {
        IllegalStateException failure = new IllegalStateException("of a child");
        ScopeFailedException thrown = catchThrowableOfType(
                ScopeFailedException.class,
                () -> MixedScope.call(scope -> {
                    scope.fork(kind, () -> {
                        throw failure;
                    });
                    return foreignBlockingCall();
                }));
        assertThat(thrown).hasCause(failure);
        assertThat(thrown.failures()).hasSize(1);
    }

    @Test
    void aFailureReachesABodyThatWaitsInJoinOrAwait() {
        IllegalStateException failure = new IllegalStateException("of a child");
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    Subtask<Void> other = scope.fork(() -> Patience.forever());
                    scope.fork(() -> {
                        throw failure;
                    });
                    return other.await();
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasCause(failure);
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    scope.fork(() -> {
                        throw failure;
                    });
                    return scope.join();
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasCause(failure);
    }

    @Test
    void aBodyThatSwallowsTheInterruptStillFails() {
        IllegalStateException failure = new IllegalStateException("of a child");
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    scope.fork(() -> {
                        throw failure;
                    });
                    try {
                        return foreignBlockingCall();
                    } catch (InterruptedException e) {
                        return "swallowed";
                    }
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasCause(failure);
    }

    @Test
    void aBodyThatEndsBeforeTheFailureKeepsNoInterrupt() {
        CountDownLatch bodyEnds = new CountDownLatch(1);
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    scope.fork(() -> {
                        Patience.await(bodyEnds);
                        throw new IllegalStateException("races with the end of the body");
                    });
                    bodyEnds.countDown();
                    return "ended";
                }))
                .isInstanceOf(ScopeFailedException.class);
    }

    @Test
    void theBodysOwnExceptionComesFirstAndCancelsTheChildren() {
        IOException own = new IOException("of the body");
        IllegalStateException cleanup = new IllegalStateException("clean-up failed");
        CountDownLatch started = new CountDownLatch(1);
        AtomicReference<Subtask<Object>> child = new AtomicReference<>();
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    child.set(scope.fork(() -> {
                        started.countDown();
                        try {
                            return Patience.forever();
                        } catch (InterruptedException e) {
                            throw cleanup;
                        }
                    }));
                    Patience.await(started);
                    throw own;
                }))
                .isSameAs(own)
                .satisfies(thrown -> assertThat(thrown.getSuppressed())
                        .singleElement()
                        .satisfies(suppressed -> assertThat(suppressed)
                                .isInstanceOf(ScopeFailedException.class)
                                .hasCause(cleanup)));
        assertThat(child.get().cancelReason().orElseThrow().source()).isEqualTo(CancelReason.Source.OWNER_LEFT);
    }

    @Test
    void theBodysExceptionIsUntouchedIfNoChildFailed() {
        IOException own = new IOException("of the body");
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    scope.fork(() -> Patience.forever());
                    throw own;
                }))
                .isSameAs(own);
        assertThat(own.getSuppressed()).isEmpty();
    }

    /** The exception of another scope is the body's own like any other: it must not hide the failures of this one. */
    @Test
    void theFailureOfAScopeInTheBodyDoesNotHideThoseOfTheChildren() {
        IllegalStateException cleanup = new IllegalStateException("clean-up failed");
        CountDownLatch started = new CountDownLatch(1);
        Throwable thrown = catchThrowable(() -> MixedScope.call(scope -> {
            scope.fork(() -> {
                started.countDown();
                try {
                    return Patience.forever();
                } catch (InterruptedException e) {
                    throw cleanup;
                }
            });
            Patience.await(started);
            return MixedScope.call(inner -> inner.fork(() -> {
                throw new IllegalStateException("of the inner scope");
            }));
        }));
        assertThat(thrown).isInstanceOf(ScopeFailedException.class).hasRootCauseMessage("of the inner scope");
        assertThat(thrown.getSuppressed())
                .singleElement()
                .satisfies(suppressed -> assertThat(suppressed).hasCause(cleanup));
    }

    @Test
    void aForeignInterruptLeavesAsInterruptedExceptionAndCancels() {
        AtomicReference<Subtask<Void>> child = new AtomicReference<>();
        Thread owner = Thread.currentThread();
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    child.set(scope.fork(() -> Patience.forever()));
                    Thread.ofPlatform().start(() -> {
                        Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
                        owner.interrupt();
                    });
                    return foreignBlockingCall();
                }))
                .isInstanceOf(InterruptedException.class);
        assertThat(child.get().state()).isEqualTo(State.CANCELLED);
    }

    @Test
    void aForeignInterruptInTheClosingJoinLeavesAsInterruptedException() {
        AtomicReference<Subtask<Void>> child = new AtomicReference<>();
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    child.set(scope.fork(() -> Patience.forever()));
                    Thread.currentThread().interrupt();
                    return "left to the join";
                }))
                .isInstanceOf(InterruptedException.class);
        assertThat(child.get().state()).isEqualTo(State.CANCELLED);
    }

    /** Nobody interrupted the caller: our own interrupt must not leave as an InterruptedException. */
    @Test
    void aCancelThatFindsOnlyTheBodyLeavesAsScopeFailedException() {
        Throwable thrown = catchThrowable(() -> MixedScope.call(scope -> {
            Thread.ofPlatform().start(() -> scope.cancel("enough"));
            return foreignBlockingCall();
        }));
        assertThat(thrown).isInstanceOf(ScopeFailedException.class).hasMessageContaining("enough");
    }

    @Test
    void aDeadlineThatFindsOnlyTheBodyLeavesAsDeadlineExceededException() {
        ScopeConfig config = ScopeConfig.defaults().withTimeout(Duration.ofMillis(50));
        Throwable thrown = catchThrowable(() -> MixedScope.call(config, scope -> foreignBlockingCall()));
        assertThat(thrown)
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessageEndingWith("has passed; its body was interrupted");
    }

    @Test
    void aCancelAroundANestedCallLeavesTheNestedOneAsNoInterrupt() {
        Throwable thrown = catchThrowable(() -> MixedScope.call(outer -> {
            Thread.ofPlatform().start(() -> outer.cancel("from above"));
            return MixedScope.call(inner -> foreignBlockingCall());
        }));
        assertThat(thrown).isInstanceOf(ScopeFailedException.class).hasMessageContaining("from above");
    }

    @Test
    void isWhatSubtasksUseToo() throws Exception {
        IllegalStateException failure = new IllegalStateException("deep");
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Object> subtask = scope.fork(() -> MixedScope.call(inner -> {
                inner.fork(() -> {
                    throw failure;
                });
                return foreignBlockingCall();
            }));
            scope.join();
            assertThat(subtask.exception())
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(failure);
        }
    }

    @Test
    void anInterruptThatRacesWithTheEndOfTheBodyNeverLeaks() throws Exception {
        for (int round = 0; round < 500; round++) {
            Throwable thrown = catchThrowable(() -> MixedScope.call(scope -> scope.fork(() -> {
                throw new IllegalStateException("at once");
            })));
            assertThat(thrown).isInstanceOf(ScopeFailedException.class);
            assertThat(Thread.currentThread().isInterrupted())
                    .as("round %d", round)
                    .isFalse();
        }
    }

    @Test
    void whatATaskThrewIsNotChangedAlsoIfTheBodyThrowsIt() {
        IllegalStateException ofTask = new IllegalStateException("of the task");
        Throwable thrown = catchThrowable(() -> MixedScope.call(scope -> {
            Subtask<Object> failing = scope.fork(() -> {
                throw ofTask;
            });
            Patience.until("it has failed", () -> failing.state() == State.FAILED);
            throw ofTask;
        }));
        assertThat(thrown).isSameAs(ofTask);
        assertThat(thrown.getSuppressed()).isEmpty();
        assertThat(thrown.getCause()).isNull();
    }

    @Test
    void anExceptionThatWrapsATasksOwnHasTheFailuresSuppressed() {
        IllegalStateException ofTask = new IllegalStateException("of the task");
        Throwable thrown = catchThrowable(() -> MixedScope.call(scope -> {
            Subtask<Object> failing = scope.fork(() -> {
                throw ofTask;
            });
            Patience.until("it has failed", () -> failing.state() == State.FAILED);
            throw new IllegalArgumentException("of the body", ofTask);
        }));
        assertThat(thrown).hasMessage("of the body").hasCause(ofTask);
        assertThat(thrown.getSuppressed())
                .singleElement()
                .satisfies(suppressed -> assertThat(((ScopeFailedException) suppressed).failures())
                        .extracting(Failure::exception)
                        .containsExactly(ofTask));
    }

    /** Two interrupts of one thread look like one: it must not be lost that the second was for the outer body. */
    @Test
    void aCancelAroundThatComesTogetherWithOneOfTheNestedCallInterruptsTheOuterBodyAfterwards() {
        Throwable thrown = catchThrowable(() -> MixedScope.call(outer -> {
            Throwable nested = catchThrowable(() -> MixedScope.call(inner -> {
                inner.cancel("its own reason");
                outer.cancel("from above");
                return foreignBlockingCall();
            }));
            assertThat(nested).isInstanceOf(ScopeFailedException.class).hasMessageContaining("its own reason");
            return foreignBlockingCall();
        }));
        assertThat(thrown).isInstanceOf(ScopeFailedException.class).hasMessageContaining("from above");
    }

    @Test
    void alsoIfItIsStillPendingWhenTheNestedCallBegins() {
        ScopeConfig late = ScopeConfig.defaults().withTimeout(Duration.ZERO);
        Throwable thrown = catchThrowable(() -> MixedScope.call(outer -> {
            outer.cancel("from above");
            Throwable nested = catchThrowable(() -> MixedScope.call(late, inner -> foreignBlockingCall()));
            assertThat(nested).isInstanceOf(DeadlineExceededException.class);
            return foreignBlockingCall();
        }));
        assertThat(thrown).isInstanceOf(ScopeFailedException.class).hasMessageContaining("from above");
    }

    @Test
    void aCleanUpBetweenNestedCallsIsNotInterruptedAfterTheNestedOneHasToldOfTheCancel() {
        AtomicReference<Boolean> interrupted = new AtomicReference<>();
        Throwable thrown = catchThrowable(() -> MixedScope.call(outer -> {
            try {
                return MixedScope.call(inner -> {
                    outer.cancel("from above");
                    return foreignBlockingCall();
                });
            } finally {
                interrupted.set(Thread.currentThread().isInterrupted());
            }
        }));
        assertThat(thrown).isInstanceOf(ScopeFailedException.class).hasMessageContaining("from above");
        assertThat(interrupted).hasValue(false);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aCancelOfTheSubtaskThatComesTogetherWithOneOfItsCallInterruptsItAfterwards(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Object>> self = new AtomicReference<>();
        CountDownLatch known = new CountDownLatch(1);
        AtomicInteger interrupts = new AtomicInteger();
        try (var scope = MixedScope.open(
                Joiner.awaitAll(), c -> c.withStragglerGrace(Duration.ofHours(1)))) { // nobody interrupts it again
            self.set(scope.fork(kind, () -> {
                Patience.await(known);
                Throwable nested = catchThrowable(() -> MixedScope.call(inner -> {
                    inner.cancel("its own reason");
                    self.get().cancel();
                    return foreignBlockingCall();
                }));
                assertThat(nested).isInstanceOf(ScopeFailedException.class).hasMessageContaining("its own reason");
                try {
                    return foreignBlockingCall();
                } finally {
                    interrupts.incrementAndGet();
                }
            }));
            known.countDown();
            scope.join();
            assertThat(self.get().state()).isEqualTo(State.CANCELLED);
            assertThat(interrupts).hasValue(1);
        }
    }

    /** Whoever cancels tells the nested scopes first: the body may be out of them before its own interrupt comes. */
    @Test
    void aNestedCallThatIsOverBeforeTheInterruptOfTheOuterBodyComesIsItsEchoToo() throws Exception {
        Thread owner = Thread.currentThread();
        CountDownLatch nestedIsOver = new CountDownLatch(1);
        ScopeListener slow = event -> {
            if (event instanceof ScopeEvent.SubtaskCancelled) { // between the nested scopes and the body
                Patience.awaitDeaf(nestedIsOver);
                Patience.until("the outer body has ended", () -> owner.getState() == Thread.State.WAITING);
            }
        };
        ScopeConfig config = ScopeConfig.defaults()
                .withName("outer")
                .withMaxConcurrent(TaskKind.IO, 1)
                .withListener(slow);
        Throwable thrown = catchThrowable(() -> MixedScope.call(config, outer -> {
            outer.forkDaemon(() -> Patience.forever());
            outer.fork(() -> {}); // waits in line
            Thread.ofPlatform().start(() -> outer.cancel("from above"));
            try {
                return MixedScope.call(inner -> foreignBlockingCall());
            } finally {
                nestedIsOver.countDown();
            }
        }));
        assertThat(thrown).isInstanceOf(ScopeFailedException.class).hasMessageContaining("'outer'");
    }
}
