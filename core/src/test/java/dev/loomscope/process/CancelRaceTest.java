package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.event.ScopeEvent;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Cancels that cross results. */
class CancelRaceTest {

    private static final int TIMES = Integer.getInteger("race.cancels", 1_000);
    private static final int BIG_TIMES = Integer.getInteger("race.cancels", 150);
    private static final int KILLS = Integer.getInteger("race.kills", 12);

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final EventTrail events = new EventTrail();

    @Test
    @Timeout(3600)
    void everyTaskHasOneOutcomeAndNoKilledWorkerIsUsedAgain() throws Exception {
        int cancelled = 0;
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withCancelGrace(Duration.ofSeconds(20)).withListener(events))) {
            PoolRun.run(pool, Work::pid);
            for (int i = 0; i < TIMES; i++) {
                int number = i;
                PoolRun<Integer> run = PoolRun.start(pool, "race-" + i, () -> number);
                LockSupport.parkNanos(random.nextInt(400_000));
                run.cancel("race");
                try {
                    assertThat(run.get()).isEqualTo(i);
                } catch (CancellationException e) {
                    cancelled++;
                }
            }
        }
        assertThat(events.of(ScopeEvent.WorkerKilled.class))
                .as("seed %d: no task took longer than its grace; %d were cancelled in time", seed, cancelled)
                .isEmpty();
        assertThat(events.of(ScopeEvent.WorkerStarted.class)).hasSize(1);
    }

    @Test
    @Timeout(3600)
    void aTaskOfSeveralFramesThatIsCancelledAtAnyMomentEndsAtOnceAndCostsNoWorker() throws Exception {
        byte[] load = new byte[3 * Frame.MAX_BODY];
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withCancelGrace(Duration.ofSeconds(20)).withListener(events))) {
            PoolRun.run(pool, Work::pid);
            for (int i = 0; i < BIG_TIMES; i++) {
                PoolRun<Integer> run = PoolRun.prepare(pool, "race-" + i, () -> load.length);
                run.start();
                LockSupport.parkNanos(random.nextInt(300_000));
                run.cancel("race");
                Eventually.becomesTrue("task " + i + " has ended, seed " + seed, Duration.ofSeconds(10), run::hasEnded);
            }
        }
        assertThat(events.of(ScopeEvent.WorkerStarted.class)).hasSize(1);
    }

    @Test
    @Timeout(3600)
    void aWorkerThatIsKilledWhileItsResultArrivesIsDeadWhenRunReturns() throws Exception {
        Map<Long, Boolean> aliveAtReturn = new HashMap<>();
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withCancelGrace(Duration.ZERO).withListener(events))) {
            for (int i = 0; i < KILLS; i++) {
                long pid = PoolRun.run(pool, Work::pid);
                PoolRun<Integer> run = PoolRun.start(pool, "race-" + i, () -> new byte[100_000].length);
                LockSupport.parkNanos(random.nextInt(800_000));
                run.cancel("race");
                try {
                    assertThat(run.get()).isEqualTo(100_000);
                } catch (CancellationException e) {
                    // the cancel was first
                }
                aliveAtReturn.put(pid, Pids.isAlive(pid));
            }
        }
        List<Long> killed = events.of(ScopeEvent.WorkerKilled.class).stream()
                .map(ScopeEvent.WorkerKilled::pid)
                .toList();
        assertThat(killed)
                .as("seed %d: killed workers that were alive when run() returned", seed)
                .filteredOn(aliveAtReturn::get)
                .isEmpty();
    }
}
