package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Very many tasks through one worker: nothing is left of any of them. */
class TinyTasksTest {

    private static final int TASKS = Integer.getInteger("pool.tasks", 10_000);
    private static final int SAMPLE = 100;
    private static final long NOISE_BYTES = 4 << 20;

    /** What a JVM has in use. */
    record Use(long heap, int threads, int classes, long descriptors) implements Serializable {

        static Use measure() throws Exception {
            System.gc();
            long descriptors = 0;
            if (Files.exists(Path.of("/proc/self/fd"))) {
                try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
                    descriptors = open.count();
                }
            }
            return new Use(
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                    ManagementFactory.getThreadMXBean().getThreadCount(),
                    ManagementFactory.getClassLoadingMXBean().getLoadedClassCount(),
                    descriptors);
        }
    }

    @Test
    @Timeout(3600)
    void nothingGrowsHereOrInTheWorkerHoweverManyTasksItRuns() throws Throwable {
        EventTrail events = new EventTrail();
        List<WeakReference<?>> jobs = new ArrayList<>();
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(64).withListener(events))) {
            run(pool, 2_000, new ArrayList<>());
            PoolRun.run(pool, Use::measure);
            Use here = Use.measure();
            Use there = PoolRun.run(pool, Use::measure);

            run(pool, TASKS, jobs);

            assertFlat("in the worker", there, PoolRun.run(pool, Use::measure));
            assertFlat("here", here, Use.measure());
            Eventually.becomesTrue("no task is held", () -> {
                System.gc();
                return jobs.stream().allMatch(job -> job.refersTo(null));
            });
            assertThat(pool.toString()).contains("1 of 1 workers, 0 starting, 1 idle, 0 tasks waiting");
        }
        assertThat(events.of(ScopeEvent.WorkerStarted.class)).hasSize(1);
    }

    private static void run(ProcessPool pool, int tasks, List<WeakReference<?>> jobs) throws Throwable {
        for (int i = 0; i < tasks; i++) {
            int number = i;
            Task<Integer> task = () -> number;
            CpuExecution<Integer> job = pool.prepare(new CpuRequest<>(task, "tiny-" + i, runner -> {}));
            if (job.run() != i) {
                throw new AssertionError("task " + i + " has the result of another");
            }
            if (i % SAMPLE == 0) {
                jobs.add(new WeakReference<>(job));
            }
        }
    }

    private static void assertFlat(String where, Use before, Use after) {
        assertThat(after.heap() - before.heap()).as("heap " + where).isLessThan(NOISE_BYTES);
        assertThat(after.threads() - before.threads()).as("threads " + where).isLessThan(5);
        assertThat(after.classes() - before.classes()).as("classes " + where).isLessThan(500);
        assertThat(after.descriptors() - before.descriptors())
                .as("descriptors " + where)
                .isLessThan(10);
    }
}
