package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.ProcessPool;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/**
 * Random trees of scopes, kinds, failures, cancels and deadlines. Whatever happens: every subtask ends once in one final state,
 * nothing hangs, and no thread, permit, worker or interrupt is left.
 *
 * <p>Longer, or again: {@code mvn test -pl core,loom-scope -Dtest=ScopeStressTest -Dstress.seconds=600 -Dstress.seed=4711}.
 */
class ScopeStressTest {

    private static final int SECONDS = Integer.getInteger("stress.seconds", 6);
    private static final long SEED = Long.getLong("stress.seed", System.nanoTime());
    private static final int AT_ONCE = 2;

    private final Limiter shared = Limiter.of("shared", 3);
    // Not pids: in ten minutes those of workers that have ended are given to others.
    private final Set<ProcessHandle> workerProcesses = ConcurrentHashMap.newKeySet();
    private final AtomicInteger trees = new AtomicInteger();
    private final AtomicLong subtasks = new AtomicLong();

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS) // it ends by itself; each tree has a limit of its own
    void everySubtaskEndsOnceAndNothingIsLeft() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        try (ProcessPool workers = ProcessPool.open(c -> c.withWorkers(2).withListener(this::noteWorker));
                var gardeners = MixedScope.open()) {
            for (int i = 0; i < AT_ONCE; i++) {
                gardeners.fork("gardener-" + i, TaskKind.BLOCKING, () -> {
                    while (System.nanoTime() - end < 0) {
                        growOne(workers);
                    }
                });
            }
            gardeners.join();
        }
        String outcome = "seed %d: %d trees, %d subtasks in %d s".formatted(SEED, trees.get(), subtasks.get(), SECONDS);
        LoggerFactory.getLogger(ScopeStressTest.class).warn("{}", outcome);
        assertThat(subtasks).as(outcome).hasValueGreaterThan(0);
        assertThat(shared.stats().inUse()).as("permits in use, " + outcome).isZero();
        assertThat(shared.stats().waiting())
                .as("waiting for permits, " + outcome)
                .isZero();
        Patience.until("all workers are gone", () -> workerProcesses.stream().noneMatch(ProcessHandle::isAlive));
    }

    private void growOne(CpuBackend workers) throws Exception {
        long seed = SEED + trees.getAndIncrement();
        String which = "tree of seed " + seed;
        StressTree tree = new StressTree(shared, workers);
        try {
            Patience.onItsOwnThread(() -> {
                tree.grow(seed);
                return null;
            });
        } catch (AssertionError hang) {
            throw new AssertionError("%s hangs%n%s".formatted(which, MixedScope.dump()), hang);
        }
        tree.check(which);
        subtasks.addAndGet(tree.size());
    }

    private void noteWorker(ScopeEvent event) {
        if (event instanceof ScopeEvent.WorkerStarted worker) {
            ProcessHandle.of(worker.pid()).ifPresent(workerProcesses::add);
        }
    }
}
