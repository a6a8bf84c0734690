package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Loops that wait for nothing, and ask whether they are to stop. */
class CheckCancelledTest {

    private final CountDownLatch loops = new CountDownLatch(1);

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    // Swallows interrupts, so that only the question ends it.
    @SuppressWarnings("InfiniteLoopStatement")
    private Void loop() {
        loops.countDown();
        while (true) {
            MixedScope.checkCancelled();
            Thread.interrupted();
            Thread.yield();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void endsTheLoopOfASubtaskWhoseScopeIsCancelled(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> looping = scope.fork(kind, this::loop);
            Patience.await(loops);
            scope.cancel("enough");
            scope.join();
            assertThat(looping.state()).isEqualTo(State.CANCELLED);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void endsTheLoopOfASubtaskThatIsCancelledAlone(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> looping = scope.fork(kind, this::loop);
            Patience.await(loops);
            looping.cancel();
            Subtask<String> sibling = scope.fork(kind, () -> {
                MixedScope.checkCancelled();
                return "goes on";
            });
            scope.join();
            assertThat(looping.state()).isEqualTo(State.CANCELLED);
            assertThat(sibling.get()).isEqualTo("goes on");
        }
    }

    @Test
    void endsTheLoopOfAnOwnerAndSaysWhy() {
        try (var scope = MixedScope.open()) {
            MixedScope.checkCancelled();
            scope.fork("breaks", () -> {
                throw new IllegalStateException("broken");
            });
            assertThatThrownBy(this::loop)
                    .isInstanceOf(CancellationException.class)
                    .hasMessageContaining("breaks");
            assertThatThrownBy(scope::join).isInstanceOf(ScopeFailedException.class);
        }
    }

    @Test
    void endsTheBodyOfACallWhichTellsTheFailure() {
        IllegalStateException failure = new IllegalStateException("broken");
        for (int round = 0; round < 200; round++) {
            assertThatThrownBy(() -> MixedScope.call(scope -> {
                        scope.fork(() -> {
                            throw failure;
                        });
                        return loop();
                    }))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(failure);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void endsTheLoopInAScopeThatASubtaskHasOpened(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> looping = scope.fork(kind, () -> {
                try (var inner = MixedScope.open()) {
                    return loop();
                }
            });
            Patience.await(loops);
            scope.cancel();
            scope.join();
            assertThat(looping.state()).isEqualTo(State.CANCELLED);
        }
    }

    /** Whatever stands inside a cancelled subtask is cancelled with it, and none of it has failed. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void endsTheLoopOfAGrandchildWhenTheChildIsCancelledAlone(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Void>> grandchild = new AtomicReference<>();
        AtomicReference<Throwable> joined = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            Subtask<Void> child = scope.withCancelPolicy(CancelPolicy.WAIT).fork(kind, () -> {
                try (var inner = MixedScope.open()) {
                    grandchild.set(inner.fork(kind, this::loop));
                    joined.set(catchThrowable(inner::join));
                }
            });
            Patience.await(loops);
            child.cancel();
            scope.join();
            assertThat(grandchild.get().state()).isEqualTo(State.CANCELLED);
            assertThat(grandchild.get().cancelReason().orElseThrow().source()).isEqualTo(CancelReason.Source.PARENT);
            assertThat(joined.get())
                    .isInstanceOfSatisfying(
                            ScopeFailedException.class,
                            e -> assertThat(e.failures()).isEmpty());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aScopeThatACancelledSubtaskOpensIsCancelledFromTheBeginning(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<State> child = scope.withCancelPolicy(CancelPolicy.WAIT).fork(kind, () -> {
                loops.countDown();
                Patience.until("it is cancelled", () -> catchThrowable(MixedScope::checkCancelled) != null);
                try (var inner = MixedScope.open(Joiner.awaitAll())) {
                    Subtask<String> late = inner.fork(() -> "ran");
                    inner.join();
                    return late.state();
                }
            });
            Patience.await(loops);
            child.cancel();
            scope.join();
            assertThat(child.get()).isEqualTo(State.CANCELLED);
        }
    }

    /** The loop sees the cancel of its scope a moment before its own subtask is told: that is no failure. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whoEndsBeforeTheCancelHasComeDownIsCancelledAndHasNotFailed(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Void>> looping = new AtomicReference<>();
        try (var scope = MixedScope.open(
                Joiner.awaitAll(),
                c -> c.withListener(event -> {
                    if (event instanceof ScopeEvent.ScopeCancelled) { // heard before any subtask is told
                        Patience.until("the loop has ended", () -> looping.get().state() != State.UNAVAILABLE);
                    }
                }))) {
            looping.set(scope.fork(kind, this::loop));
            Patience.await(loops);
            scope.cancel("enough");
            scope.join();
            assertThat(looping.get().state()).isEqualTo(State.CANCELLED);
            assertThat(looping.get().cancelReason()).isEqualTo(scope.cancelReason());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void alsoIfTheCancelIsThatOfAScopeFurtherOut(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Void>> looping = new AtomicReference<>();
        try (var outer = MixedScope.open(
                        Joiner.awaitAll(),
                        c -> c.withListener(event -> {
                            if (event instanceof ScopeEvent.ScopeCancelled) {
                                Patience.until(
                                        "the loop has ended",
                                        () -> looping.get().state() != State.UNAVAILABLE);
                            }
                        }));
                var inner = MixedScope.open(Joiner.awaitAll())) {
            looping.set(inner.fork(kind, this::loop));
            Patience.await(loops);
            outer.cancel("enough");
            inner.join();
            assertThat(looping.get().state()).isEqualTo(State.CANCELLED);
            CancelReason reason = looping.get().cancelReason().orElseThrow();
            assertThat(reason.source()).isEqualTo(CancelReason.Source.PARENT);
            assertThat(reason.text()).contains("enough");
            outer.join();
        }
    }

    @Test
    void doesNothingElsewhere() throws Exception {
        MixedScope.checkCancelled();
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.cancel();
            Patience.onItsOwnThread(() -> {
                assertThatCode(MixedScope::checkCancelled).doesNotThrowAnyException();
                return null;
            });
            try (var inner = MixedScope.open()) {
                assertThatThrownBy(MixedScope::checkCancelled).isInstanceOf(CancellationException.class);
            }
        }
        MixedScope.checkCancelled();
        try (var outer = MixedScope.open()) {
            try (var inner = MixedScope.open()) {
                inner.cancel();
                assertThatThrownBy(MixedScope::checkCancelled).isInstanceOf(CancellationException.class);
            }
            MixedScope.checkCancelled();
        }
    }
}
