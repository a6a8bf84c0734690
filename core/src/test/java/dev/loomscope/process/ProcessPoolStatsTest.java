package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessPoolStatsTest {

    @TempDir
    Path folder;

    @Test
    void aPoolThatHasDoneNothingHasNothingToCount() {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(3))) {
            ProcessPoolStats stats = pool.stats();

            assertThat(stats.maxWorkers()).isEqualTo(3);
            assertThat(stats.live() + stats.starting() + stats.queuedTasks()).isZero();
            assertThat(stats.started() + stats.done()).isZero();
        }
    }

    @Test
    void everyTaskAndEveryWorkerIsCountedOnce() throws Exception {
        ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withCancelGrace(Duration.ZERO));
        try (pool) {
            PoolRun.run(pool, Work::pid);
            PoolRun.fail(pool, () -> {
                throw new IllegalStateException("on purpose");
            });
            PoolRun.fail(pool, () -> {
                Runtime.getRuntime().halt(1);
                return 0;
            });
            PoolRun<Long> deaf = PoolRun.start(pool, Work::spin).awaitStart();
            PoolRun<Long> waiting = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue("it waits", () -> pool.stats().queuedTasks() == 1);
            assertThat(pool.stats().busy()).isEqualTo(1);
            assertThat(pool.stats().idle()).isZero();
            assertThat(pool.stats().live()).isEqualTo(1);

            deaf.cancel("enough");
            deaf.failure();
            waiting.get();

            ProcessPoolStats stats = pool.stats();
            assertThat(stats.done()).isEqualTo(2);
            assertThat(stats.failed()).isEqualTo(2);
            assertThat(stats.cancelled()).isEqualTo(1);
            assertThat(stats.started()).isEqualTo(3);
        }
        ProcessPoolStats stats = pool.stats();
        assertThat(stats.crashed()).isEqualTo(1);
        assertThat(stats.killed()).isEqualTo(1);
        assertThat(stats.retired()).isEqualTo(1);
        assertThat(stats.live() + stats.starting() + stats.busy() + stats.idle())
                .isZero();
    }
}
