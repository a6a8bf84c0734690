package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PoolStressTest {

    private static final int THREADS = 8;
    private static final int TASKS = 75;

    @Test
    void everyTaskOfManyThreadsHasItsOwnOutcomeAndNoProcessIsLeft() throws Exception {
        long seed = System.nanoTime();
        EventTrail events = new EventTrail();
        AtomicInteger results = new AtomicInteger();
        AtomicInteger cancelled = new AtomicInteger();
        AtomicInteger crashed = new AtomicInteger();
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(3)
                        .withMaxHeapMiB(64)
                        .withCancelGrace(Duration.ofMillis(100))
                        .withListener(events));
                ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Callable<Void>> forkers = IntStream.range(0, THREADS)
                    .<Callable<Void>>mapToObj(thread -> () -> {
                        Random random = new Random(seed + thread);
                        for (int i = 0; i < TASKS; i++) {
                            countOutcome(pool, random, thread * TASKS + i, results, cancelled, crashed);
                        }
                        return null;
                    })
                    .toList();
            for (Future<Void> forker : threads.invokeAll(forkers)) {
                forker.get();
            }
            assertThat(pool.toString()).contains("0 tasks waiting");
        }
        assertThat(results.get() + cancelled.get() + crashed.get())
                .as("seed %d", seed)
                .isEqualTo(THREADS * TASKS);
        assertThat(results.get()).as("seed %d: successes", seed).isGreaterThan(THREADS * TASKS / 3);
        assertThat(Pids.alive(events.pids())).as("seed %d", seed).isEmpty();
    }

    private static void countOutcome(
            ProcessPool pool,
            Random random,
            int number,
            AtomicInteger results,
            AtomicInteger cancelled,
            AtomicInteger crashed)
            throws Exception {
        int dice = random.nextInt(100);
        byte[] load = new byte[random.nextInt(20) == 0 ? 1_000_000 : random.nextInt(1_000)];
        PoolRun<Integer> run = PoolRun.start(pool, "stress-" + number, () -> {
            if (dice == 0) {
                System.exit(7);
            } else if (dice == 1) {
                Work.spin();
            } else if (dice < 5) {
                Work.listen();
            }
            return number + 0 * load.length;
        });
        if (dice > 0 && dice < 40) {
            Thread.sleep(0, random.nextInt(900_000));
            run.cancel("stress");
        }
        try {
            assertThat(run.get()).isEqualTo(number);
            results.incrementAndGet();
        } catch (CancellationException | InterruptedException e) {
            assertThat(dice).isBetween(1, 39);
            cancelled.incrementAndGet();
        } catch (WorkerCrashedException e) {
            assertThat(dice).as(e.getMessage()).isZero();
            crashed.incrementAndGet();
        }
    }
}
