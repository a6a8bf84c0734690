package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Programs that block every thread of the JDK's common pool, on which the JDK tells of the exit of processes. */
class BusyCommonPoolTest {

    private final CountDownLatch end = new CountDownLatch(1);

    @BeforeEach
    void occupy() throws Exception {
        int threads = Math.max(1, ForkJoinPool.getCommonPoolParallelism());
        CountDownLatch occupied = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            ForkJoinPool.commonPool().execute(() -> {
                occupied.countDown();
                try {
                    end.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("nobody interrupts it", e);
                }
            });
        }
        occupied.await();
    }

    @AfterEach
    void release() {
        end.countDown();
    }

    private static ProcessPool open(String... jvmOptions) {
        return ProcessPool.open(c -> c.withWorkers(1)
                .withCancelGrace(Duration.ZERO)
                .withStartTimeout(Duration.ofMinutes(5))
                .withJvmOptions(jvmOptions));
    }

    @Test
    void aStartThatFailsIsNoticed() {
        try (ProcessPool pool = open("-XX:NoSuchOption=7")) {
            assertThat(PoolRun.fail(pool, Work::pid)).isInstanceOf(WorkerStartException.class);
        }
    }

    @Test
    void closeEndsAWorkerThatIsStarting() throws Exception {
        ProcessPool pool = open();
        PoolRun<Long> run = PoolRun.start(pool, Work::pid);
        Eventually.becomesTrue("it is starting", () -> pool.toString().contains("1 starting"));

        pool.close();

        assertThat(run.failure()).isInstanceOf(IllegalStateException.class);
        assertThat(pool.toString()).contains("0 of 1 workers, 0 starting");
    }

    @Test
    void aCrashIsNoticed() {
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.fail(pool, () -> {
                        Runtime.getRuntime().halt(9);
                        return null;
                    }))
                    .isInstanceOf(WorkerCrashedException.class);
        }
    }
}
