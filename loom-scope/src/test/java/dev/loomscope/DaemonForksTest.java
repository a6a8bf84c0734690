package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Forks for which nobody waits, and the body of a scope that looks at what has failed. */
class DaemonForksTest {

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void theScopeEndsWithItsLastOrdinarySubtask(TaskKind kind) throws Exception {
        AtomicReference<Subtask<Void>> daemon = new AtomicReference<>();
        AtomicReference<Subtask<String>> ordinary = new AtomicReference<>();
        try (ProcessPool two = ProcessPool.open(c -> c.withWorkers(2))) { // one is the daemon's, on any machine
            int result = MixedScope.call(ScopeConfig.defaults().withCpuBackend(two), scope -> {
                daemon.set(scope.forkDaemon(kind, Patience::forever));
                ordinary.set(scope.fork(kind, () -> "waited for"));
                return 2;
            });
            assertThat(result).isEqualTo(2);
        }
        assertThat(ordinary.get().state()).isEqualTo(State.SUCCESS);
        assertThat(daemon.get().state()).isEqualTo(State.CANCELLED);
        assertThat(daemon.get().cancelReason().orElseThrow().source()).isEqualTo(Source.OTHERS_ENDED);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aDaemonThatFailsEndsTheOthersAndTheBody(TaskKind kind) {
        IllegalStateException failure = new IllegalStateException("of the daemon");
        AtomicReference<Subtask<Void>> ordinary = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(1);
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    ordinary.set(scope.fork(kind, () -> {
                        running.countDown();
                        return Patience.forever();
                    }));
                    scope.forkDaemon(kind, () -> {
                        Patience.await(running);
                        throw failure;
                    });
                    return Patience.forever();
                }))
                .isInstanceOf(ScopeFailedException.class)
                .hasCause(failure);
        assertThat(ordinary.get().state()).isEqualTo(State.CANCELLED);
    }

    @Test
    void aFailureThatTheBodyAwaitsIsNotSuppressedOnItself() {
        IllegalStateException failure = new IllegalStateException("awaited");
        ScopeFailedException thrown = catchThrowableOfType(
                ScopeFailedException.class,
                () -> MixedScope.call(scope -> scope.fork(() -> {
                            throw failure;
                        })
                        .await()));
        assertThat(thrown).hasCause(failure);
        assertThat(thrown.getSuppressed()).isEmpty();
        assertThat(thrown.failures()).hasSize(1);
    }

    @Test
    void afterItsBodyHasThrownAScopeTakesNoForks() {
        AtomicReference<MixedScope<Object, Void>> left = new AtomicReference<>();
        IllegalStateException own = new IllegalStateException("of the body");
        assertThatThrownBy(() -> MixedScope.call(scope -> {
                    left.set(scope);
                    throw own;
                }))
                .isSameAs(own);
        assertThatThrownBy(() -> left.get().fork(() -> "late"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }
}
