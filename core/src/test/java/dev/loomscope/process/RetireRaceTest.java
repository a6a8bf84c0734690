package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.event.ScopeEvent;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tasks that come when the time of an idle worker is up. */
class RetireRaceTest {

    private static final int TIMES = Integer.getInteger("race.retires", 60);
    private static final Duration IDLE = Duration.ofMillis(10);

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final EventTrail events = new EventTrail();

    @Test
    @Timeout(3600)
    void aTaskHasTheIdleWorkerOrANewOneAndNeverOneThatIsRetired() throws Exception {
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withMaxHeapMiB(32).withIdleTimeout(IDLE).withListener(events))) {
            long last = PoolRun.run(pool, Work::pid);
            long lead = 2_000_000;
            for (int i = 0; i < TIMES; i++) {
                int number = i;
                LockSupport.parkNanos(IDLE.toNanos() - lead + random.nextInt(200_000));
                long[] result = PoolRun.run(pool, () -> new long[] {Work.pid(), number});
                assertThat(result[1]).as("seed %d", seed).isEqualTo(i);
                // closer and closer to the moment at which its time is up, and back when that has passed
                lead += result[0] == last ? -100_000 : 800_000;
                last = result[0];
            }
        }
        int retired = events.of(ScopeEvent.WorkerRetired.class).size();
        assertThat(events.of(ScopeEvent.WorkerCrashed.class))
                .as("seed %d", seed)
                .isEmpty();
        assertThat(events.of(ScopeEvent.WorkerKilled.class)).as("seed %d", seed).isEmpty();
        assertThat(retired)
                .as("seed %d", seed)
                .isEqualTo(events.of(ScopeEvent.WorkerStarted.class).size());
        System.out.printf("%d tasks, %d workers retired before or between them%n", TIMES, retired);
    }
}
