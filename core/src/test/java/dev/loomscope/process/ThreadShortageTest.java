package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.event.ScopeEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A machine that has no more threads: tasks may fail of it, but they end, and the pool recovers. */
class ThreadShortageTest {

    private static final int ALWAYS = Integer.MAX_VALUE;

    private final EventTrail events = new EventTrail();
    private final ScarceThreads threads = new ScarceThreads();
    private final List<Long> childrenBefore = children();
    private final ProcessPool pool = ProcessPool.open(
            ProcessPoolConfig.defaults()
                    .withName("scarce")
                    .withWorkers(1)
                    .withCancelGrace(Duration.ZERO)
                    .withListener(events),
            threads);

    /** Refuses some threads, as the JVM does. */
    private static final class ScarceThreads implements PoolThreads {

        private final AtomicInteger left = new AtomicInteger();
        private volatile String refused = "none";

        /** Refuses the next threads whose name ends so. */
        void refuse(String suffix, int times) {
            refused = suffix;
            left.set(times);
        }

        @Override
        public Thread start(String name, Runnable action) {
            if (name.endsWith(refused) && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return PoolThreads.daemons().start(name, action);
        }
    }

    private static List<Long> children() {
        return Pids.alive(
                ProcessHandle.current().children().map(ProcessHandle::pid).toList());
    }

    @AfterEach
    void close() throws Exception {
        pool.close();

        assertThat(pool.toString()).contains("0 of 1 workers, 0 starting");
        Eventually.becomesTrue("no process is left", () -> childrenBefore.containsAll(children()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-launch", "-stdout", "-stderr", "-exit", "-handshake", "-reader"})
    void aTaskWaitsUntilTheThreadsOfItsWorkerCanBeStarted(String thread) throws Exception {
        threads.refuse(thread, 1);

        assertThat(PoolRun.run(pool, Work::pid)).isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-launch", "-stdout", "-stderr", "-exit", "-handshake", "-reader"})
    void aTaskWhoseWorkerNeverGetsItsThreadsFailsWithTheCauseAndThePoolRecovers(String thread) throws Exception {
        threads.refuse(thread, ALWAYS);

        assertThat(PoolRun.fail(pool, Work::pid))
                .isInstanceOf(WorkerStartException.class)
                .hasMessageContaining("3 starts have failed")
                .hasMessageContaining("unable to create native thread")
                .hasRootCauseInstanceOf(OutOfMemoryError.class);

        threads.refuse(thread, 0);
        assertThat(PoolRun.run(pool, Work::pid)).isPositive();
    }

    @Test
    void aDeafTaskIsKilledThoughNoThreadCanBeStartedForIt() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);
        PoolRun<Long> deaf = PoolRun.start(pool, "deaf", Work::spin).awaitStart();
        threads.refuse("-kill", ALWAYS);

        deaf.cancel("enough");

        assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
        assertThat(Pids.isAlive(pid)).isFalse();
    }

    @Test
    void aDeafTaskIsKilledThoughItsWorkerCannotBeReplaced() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);
        PoolRun<Long> deaf = PoolRun.start(pool, "deaf", Work::spin).awaitStart();
        threads.refuse("-launch", ALWAYS);

        deaf.cancel("enough");

        assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
        assertThat(Pids.isAlive(pid)).isFalse();
        threads.refuse("-launch", 0);
        assertThat(PoolRun.run(pool, Work::pid)).isPositive();
    }

    @Test
    void aCrashIsReportedThoughTheWorkerCannotBeReplaced() throws Exception {
        PoolRun.run(pool, Work::pid);
        threads.refuse("-launch", 1);

        assertThat(PoolRun.fail(pool, () -> {
                    Runtime.getRuntime().halt(7);
                    return null;
                }))
                .isInstanceOf(WorkerCrashedException.class);
        assertThat(PoolRun.run(pool, Work::pid)).isPositive();
    }

    @Test
    void eventsThatNoThreadCouldDeliverComeWithTheNextOnes() throws Exception {
        threads.refuse("-events", 1);
        PoolRun.run(pool, Work::pid);
        assertThat(events.all()).isEmpty();

        pool.close();

        assertThat(events.all())
                .hasSize(2)
                .satisfiesExactly(
                        first -> assertThat(first).isInstanceOf(ScopeEvent.WorkerStarted.class),
                        last -> assertThat(last).isInstanceOf(ScopeEvent.WorkerRetired.class));
    }
}
