package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskKind;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The two forms of a scope that are made for their timeout: failAfter and moveOnAfter. */
class TimeoutFormsTest {

    private static final Duration SHORT = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofMinutes(10);

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    private static Void neverEnds(TaskKind kind) throws InterruptedException {
        return kind == TaskKind.CPU ? Patience.spin() : Patience.forever();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void moveOnAfterGoesOnWithoutAResultAndWhatRanHasEnded(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Void>> child = new AtomicReference<>();
        Optional<String> result = MixedScope.moveOnAfter(SHORT, scope -> {
            child.set(scope.fork(kind, () -> neverEnds(kind)));
            return "of the body";
        });
        assertThat(result).isEmpty();
        assertThat(child.get().state()).isEqualTo(State.CANCELLED);
        assertThat(child.get().cancelReason().orElseThrow().source()).isEqualTo(Source.DEADLINE);
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void failAfterThrowsAndWhatRanHasEnded(TaskKind kind) {
        AtomicReference<Subtask<Void>> child = new AtomicReference<>();
        assertThatThrownBy(() -> MixedScope.failAfter(SHORT, scope -> {
                    child.set(scope.fork("slow", kind, () -> neverEnds(kind)));
                    return "of the body";
                }))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessageContaining("slow");
        assertThat(child.get().state()).isEqualTo(State.CANCELLED);
    }

    @Test
    void enoughTimeChangesNothing() throws Exception {
        assertThat(MixedScope.moveOnAfter(LONG, scope -> scope.fork(() -> 5).await()))
                .contains(5);
        assertThat(MixedScope.<Integer, RuntimeException>failAfter(
                        LONG, scope -> scope.fork(() -> 6).await()))
                .isEqualTo(6);
    }

    @Test
    void aTimeoutOfZeroEndsTheFirstWaitOfTheBody() throws Exception {
        AtomicBoolean wentOn = new AtomicBoolean();
        MixedScope.Body<String, RuntimeException> body = scope -> {
            Patience.forever();
            wentOn.set(true);
            return "of the body";
        };
        assertThat(MixedScope.moveOnAfter(Duration.ZERO, body)).isEmpty();
        assertThatThrownBy(() -> MixedScope.failAfter(Duration.ZERO, body))
                .isInstanceOf(DeadlineExceededException.class);
        assertThat(wentOn).isFalse();
    }

    @Test
    void aBodyThatWaitsForNothingHasItsResultAlsoWhenTheTimeIsUp() throws Exception {
        assertThat(MixedScope.moveOnAfter(Duration.ZERO, scope -> 5)).contains(5);
        assertThat(MixedScope.<Integer, RuntimeException>failAfter(Duration.ZERO, scope -> 6))
                .isEqualTo(6);
    }

    @Test
    void aBodyThatFailsByItselfThrowsThatAlsoWhenTheTimeIsUp() {
        IOException own = new IOException("nothing to do with the time");
        assertThatThrownBy(() -> MixedScope.moveOnAfter(Duration.ZERO, scope -> {
                    throw own;
                }))
                .isSameAs(own);
        assertThatThrownBy(() -> MixedScope.failAfter(Duration.ZERO, scope -> {
                    throw own;
                }))
                .isSameAs(own);
    }

    @Test
    void aNegativeTimeoutIsRefusedBeforeTheBodyRuns() {
        AtomicBoolean ran = new AtomicBoolean();
        MixedScope.Body<Boolean, RuntimeException> body = scope -> ran.getAndSet(true);
        Duration negative = Duration.ofNanos(-1);
        assertThatThrownBy(() -> MixedScope.moveOnAfter(negative, body)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> MixedScope.failAfter(negative, body)).isInstanceOf(IllegalArgumentException.class);
        assertThat(ran).isFalse();
    }

    /** Only the deadline of its own scope is what a form speaks of. */
    @Test
    void aCancelBeforeTheDeadlineIsToldAsACancel() {
        for (Throwable thrown : new Throwable[] {
            catchThrowable(() -> MixedScope.failAfter(LONG, TimeoutFormsTest::cancelAndWait)),
            catchThrowable(() -> MixedScope.moveOnAfter(LONG, TimeoutFormsTest::cancelAndWait))
        }) {
            assertThat(thrown)
                    .isInstanceOf(ScopeFailedException.class)
                    .isNotInstanceOf(DeadlineExceededException.class)
                    .hasMessageContaining("enough");
        }
    }

    private static Void cancelAndWait(MixedScope<Object, Void> scope) throws InterruptedException {
        scope.cancel("enough");
        return Patience.forever();
    }

    @Test
    void whereTheOuterTimeIsUpFirstTheInnerFormDoesNotGoOn() throws Exception {
        AtomicBoolean innerWentOn = new AtomicBoolean();
        Optional<String> result = MixedScope.moveOnAfter(SHORT, outer -> {
            MixedScope.moveOnAfter(LONG, inner -> Patience.forever());
            innerWentOn.set(true);
            return "of the body";
        });
        assertThat(result).isEmpty();
        assertThat(innerWentOn).isFalse();
    }

    /** The inner body may have unwound completely before the outer cancel has reached its own body. */
    @Test
    void theOuterFormMovesOnAlsoIfItsCancelTakesLongToReachEverybody() throws Exception {
        CountDownLatch innerHasLeft = new CountDownLatch(1);
        CpuBackend slowToCancel = new CpuBackend() {
            @Override
            public <T> CpuExecution<T> prepare(CpuRequest<T> request) {
                CountDownLatch cancelled = new CountDownLatch(1);
                return new CpuExecution<>() {
                    @Override
                    public T run() throws Exception {
                        Patience.await(cancelled);
                        throw new CancellationException("at last");
                    }

                    @Override
                    public void cancel(String reason) {
                        Patience.awaitDeaf(innerHasLeft);
                        cancelled.countDown();
                    }
                };
            }
        };
        ScopeConfig config = ScopeConfig.defaults().withTimeout(SHORT).withCpuBackend(slowToCancel);
        Throwable thrown = catchThrowable(() -> MixedScope.call(config, outer -> {
            Subtask<Void> child = outer.fork(TaskKind.CPU, () -> Patience.forever());
            Patience.until("it runs", () -> child.state() == State.UNAVAILABLE);
            try {
                return MixedScope.call(inner -> Patience.forever());
            } finally {
                innerHasLeft.countDown();
            }
        }));
        assertThat(thrown).isInstanceOf(DeadlineExceededException.class);
    }

    @Test
    void aTimeoutAroundAScopeCutsWhatIsInsideAndIsWhatIsTold() {
        AtomicReference<Subtask<Void>> child = new AtomicReference<>();
        ScopeConfig named = ScopeConfig.defaults().withName("the-outer").withTimeout(SHORT);
        assertThatThrownBy(() -> MixedScope.call(
                        named,
                        outer -> MixedScope.call(inner -> {
                            child.set(inner.fork(() -> Patience.forever()));
                            return Patience.forever();
                        })))
                .isInstanceOf(DeadlineExceededException.class)
                .hasMessageContaining("the-outer");
        assertThat(child.get().state()).isEqualTo(State.CANCELLED);
    }

    @Test
    void aThreadThatWasCutOnceCanWaitAndBeCutAgain() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        Thread.ofPlatform().start(open::countDown);
        for (int round = 0; round < 20; round++) {
            assertThat(MixedScope.moveOnAfter(Duration.ofMillis(1), scope -> Patience.forever()))
                    .isEmpty();
            Patience.await(open); // nothing of the cut is left
        }
    }

    @Test
    void behindAShieldATimeoutOfItsOwnHolds() {
        Throwable thrown = catchThrowable(() -> MixedScope.call(outer -> {
            outer.cancel("from around");
            return Shield.call(() -> MixedScope.failAfter(SHORT, inner -> Patience.forever()));
        }));
        assertThat(thrown).isInstanceOf(DeadlineExceededException.class);
    }
}
