package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls with a timeout: those that fail and those that move on. */
class TimedCallTest {

    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Duration LONG = Duration.ofHours(1);

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    @Test
    void whatIsInTimeIsReturned() throws Exception {
        assertThat(MixedScope.<String, RuntimeException>failAfter(
                        LONG, scope -> scope.fork(() -> "in time").await()))
                .isEqualTo("in time");
        assertThat(MixedScope.<String, RuntimeException>moveOnAfter(
                        LONG, scope -> scope.fork(() -> "in time").await()))
                .contains("in time");
        assertThat(MixedScope.<String, RuntimeException>moveOnAfter(LONG, scope -> null))
                .isEmpty();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void failsWithWhatWasUnfinished(TaskKind kind) {
        AtomicReference<Subtask<Void>> subtask = new AtomicReference<>();
        DeadlineExceededException thrown = catchThrowableOfType(
                DeadlineExceededException.class,
                () -> MixedScope.failAfter(SHORT, scope -> {
                    subtask.set(scope.fork(kind, () -> Patience.forever()));
                    return Patience.forever();
                }));
        assertThat(thrown.unfinished())
                .extracting(DeadlineExceededException.Unfinished::subtask)
                .containsExactly(subtask.get());
        assertThat(subtask.get().state()).isEqualTo(State.CANCELLED);
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void movesOnWithoutAResultWhenAllHasEnded(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Void>> subtask = new AtomicReference<>();
        Optional<String> result = MixedScope.moveOnAfter(SHORT, scope -> {
            subtask.set(scope.fork(kind, () -> Patience.forever()));
            scope.join();
            return "never";
        });
        assertThat(result).isEmpty();
        assertThat(subtask.get().state()).isEqualTo(State.CANCELLED);
        assertThat(MixedScope.<Object, RuntimeException>moveOnAfter(SHORT, scope -> Patience.forever()))
                .isEmpty();
        assertThat(MixedScope.<Object, RuntimeException>moveOnAfter(Duration.ZERO, scope -> Patience.forever()))
                .isEmpty();
    }

    @Test
    void aRealFailureAtTheDeadlineIsNotMovedOnFrom() {
        IllegalStateException failure = new IllegalStateException("in clean-up");
        Throwable thrown = catchThrowable(() -> MixedScope.moveOnAfter(Duration.ofMillis(300), scope -> {
            CountDownLatch runs = new CountDownLatch(1);
            scope.fork(() -> {
                runs.countDown();
                try {
                    Patience.forever();
                } catch (InterruptedException e) {
                    throw failure;
                }
            });
            Patience.awaitDeaf(runs);
            return Patience.forever();
        }));
        assertThat(thrown).isInstanceOf(DeadlineExceededException.class).hasCause(failure);
    }

    @Test
    void whatTheBodyThrowsAtTheDeadlineIsNotMovedOnFrom() {
        IOException own = new IOException("the body's own");
        Throwable thrown = catchThrowable(() -> MixedScope.moveOnAfter(SHORT, scope -> {
            try {
                return Patience.forever();
            } catch (InterruptedException e) {
                throw own;
            }
        }));
        assertThat(thrown).isSameAs(own);
    }

    @Test
    void aFailureBeforeTheDeadlineIsNotMovedOnFrom() {
        IllegalStateException failure = new IllegalStateException("broken");
        assertThatThrownBy(() -> MixedScope.moveOnAfter(LONG, scope -> {
                    scope.fork(() -> {
                        throw failure;
                    });
                    return Patience.forever();
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasCause(failure);
    }

    @Test
    void theDeadlineOfAnotherScopeIsNotMovedOnFrom() {
        assertThatThrownBy(() ->
                        MixedScope.moveOnAfter(LONG, outer -> MixedScope.failAfter(SHORT, inner -> Patience.forever())))
                .isInstanceOf(DeadlineExceededException.class);
    }

    @Test
    void anInterruptOfOthersIsOne() {
        Thread caller = Thread.currentThread();
        assertThatThrownBy(() -> MixedScope.moveOnAfter(LONG, scope -> {
                    caller.interrupt();
                    return Patience.forever();
                }))
                .isInstanceOf(InterruptedException.class);
    }

    // ---------------------------------------------------------------- nested

    @Test
    void theInnerOneMovesOnAndTheOuterOneGoesOn() throws Exception {
        Optional<String> result = MixedScope.moveOnAfter(LONG, outer -> {
            assertThat(MixedScope.<Object, RuntimeException>moveOnAfter(SHORT, inner -> Patience.forever()))
                    .isEmpty();
            return "goes on";
        });
        assertThat(result).contains("goes on");
    }

    @Test
    void whenTheOuterOneExpiresTheInnerOneReportsTheCancelAndTheOuterOneMovesOn() throws Exception {
        for (int round = 0; round < 20; round++) {
            AtomicReference<Throwable> inner = new AtomicReference<>();
            Optional<Object> result = MixedScope.moveOnAfter(Duration.ofMillis(10), outer -> {
                try {
                    return MixedScope.moveOnAfter(LONG, scope -> Patience.forever());
                } catch (ScopeFailedException e) {
                    inner.set(e);
                    throw e;
                }
            });
            assertThat(result).isEmpty();
            assertThat(inner.get())
                    .isInstanceOfSatisfying(
                            ScopeFailedException.class,
                            e -> assertThat(e.cancelReason().orElseThrow().source())
                                    .isEqualTo(Source.PARENT))
                    .isNotInstanceOf(DeadlineExceededException.class);
        }
    }

    /** Two interrupts at once look like one; what the inner call has not told of, the outer body learns by its own. */
    @Test
    void whenBothExpireTogetherTheOuterOneIsNotForgotten() throws Exception {
        for (int round = 0; round < 50; round++) {
            ScopeConfig both = ScopeConfig.defaults().withDeadline(Deadline.after(Duration.ofMillis(5)));
            Throwable outer = catchThrowable(() -> MixedScope.call(both, scope -> {
                try {
                    return MixedScope.call(both, nested -> Patience.forever());
                } catch (DeadlineExceededException e) {
                    return Patience.forever();
                }
            }));
            assertThat(outer).as("round %d", round).isInstanceOf(DeadlineExceededException.class);
        }
    }

    // ---------------------------------------------------------------- what is refused

    @Test
    void aNegativeTimeoutIsRefusedBeforeAnythingStarts() {
        AtomicBoolean ran = new AtomicBoolean();
        Duration negative = Duration.ofNanos(-1);
        assertThatThrownBy(() -> MixedScope.failAfter(negative, scope -> {
                    ran.set(true);
                    return null;
                }))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MixedScope.moveOnAfter(negative, scope -> {
                    ran.set(true);
                    return null;
                }))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MixedScope.failAfter(null, scope -> null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> MixedScope.moveOnAfter(null, scope -> null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> MixedScope.failAfter(LONG, null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> MixedScope.moveOnAfter(LONG, null)).isInstanceOf(NullPointerException.class);
        assertThat(ran).isFalse();
    }
}
