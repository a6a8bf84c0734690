package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Figure: what an idle worker takes: resident memory of its own, threads and heap in the parent. Its main measures it; argument: how many
 * workers, at least two.
 */
public final class IdleWorkers implements Comparison {

    private static final double RESIDENT_MIB = 47;
    private static final double THREADS = 4;
    private static final double HEAP_KIB = 64;
    private static final Duration REST = Duration.ofSeconds(3);

    /** Says what the first worker costs the parent, together with its pool, and each further one; and the memory of all. */
    public static void main(String[] args) throws Exception {
        int workers = Integer.parseInt(args[0]);
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(workers)
                .withMaxHeapMiB(512)
                .withMemoryBudgetMiB(512 * workers)
                .withIdleTimeout(Duration.ofMinutes(10)))) {
            useAll(pool, 1);
            Thread.sleep(REST); // it has to be idle: that is what is measured
            int threadsOfOne = threads();
            long heapOfOne = usedHeap();
            Set<Long> pids = useAll(pool, workers);
            Thread.sleep(REST);
            Measured.say("threads", (double) (threads() - threadsOfOne) / (workers - 1));
            Measured.say("heap", (usedHeap() - heapOfOne) / 1024.0 / (workers - 1));
            for (long pid : pids) {
                Measured.say("resident", residentKib(pid) / 1024.0);
            }
        }
    }

    @Override
    public String name() {
        return "idle-worker";
    }

    @Override
    public String about() {
        return "Ten workers with the default heap, each after one task that does nothing and three seconds of rest: VmRSS of each as the"
                + " kernel says it. What each of the nine after the first adds to the parent: operating-system threads, and heap in"
                + " use after collections. The limits are given.";
    }

    @Override
    public String whyShort() {
        return "The smallest JVM with our classes, its code and its heap regions touched; with an archive the"
                + " classes are mapped and shared instead.";
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        if (!Files.isReadable(Path.of("/proc/self/status"))) {
            return new Findings().skip(name(), "there is no /proc here to read the memory of processes from");
        }
        Measured measured = Turns.ofPrograms(effort.of(1, 3), List.of(Program.java(IdleWorkers.class, 10)));
        Samples resident = measured.samples("resident", "worker");
        return new Findings()
                .add(new Figure("idle-worker-resident", "MiB", resident, Samples.limit(RESIDENT_MIB), Goal.atMost(1)))
                .add(new Figure(
                        "idle-worker-parent-threads",
                        "threads",
                        measured.samples("threads", "parent, per worker"),
                        Samples.limit(THREADS),
                        Goal.atMost(1)))
                .add(new Figure(
                        "idle-worker-parent-heap",
                        "KiB",
                        measured.samples("heap", "parent, per worker"),
                        Samples.limit(HEAP_KIB),
                        Goal.atMost(1)));
    }

    /** Gives so many workers a task each at the same time, and returns their process ids. */
    private static Set<Long> useAll(ProcessPool pool, int workers) throws Exception {
        pool.prewarm(workers).get();
        try (var scope = MixedScope.<Long>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            List<Subtask<Long>> subtasks = new ArrayList<>();
            for (int i = 0; i < workers; i++) {
                subtasks.add(scope.fork(TaskKind.CPU, IdleWorkers::pidAfterAWhile));
            }
            scope.join();
            Set<Long> pids = new TreeSet<>();
            subtasks.forEach(subtask -> pids.add(subtask.get()));
            if (pids.size() != workers) {
                throw new IllegalStateException("%d workers had the tasks of %d".formatted(pids.size(), workers));
            }
            return pids;
        }
    }

    /** Takes so long that no worker has two of them. */
    private static long pidAfterAWhile() throws InterruptedException {
        Thread.sleep(500);
        return ProcessHandle.current().pid();
    }

    private static int threads() throws IOException {
        return (int) valueOf(Path.of("/proc/self/status"), "Threads:");
    }

    private static long residentKib(long pid) throws IOException {
        return valueOf(Path.of("/proc/" + pid + "/status"), "VmRSS:");
    }

    private static long valueOf(Path status, String key) throws IOException {
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith(key)) {
                return Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IOException("%s has no %s".formatted(status, key));
    }

    private static long usedHeap() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
