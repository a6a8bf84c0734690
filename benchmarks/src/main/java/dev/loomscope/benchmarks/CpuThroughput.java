package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Figure: how many CPU tasks that do nothing two workers take in a second when all are queued at once, next to Python's pools. Its main
 * is our side; arguments: how many samples, how many tasks.
 */
public final class CpuThroughput implements Comparison {

    private static final int TASKS = 10_000;
    private static final int WARM_UP = 15;

    /** Measures our side. */
    public static void main(String[] args) throws Exception {
        int samples = Integer.parseInt(args[0]);
        int tasks = Integer.parseInt(args[1]);
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(2))) {
            for (int i = -WARM_UP; i < samples; i++) {
                double seconds = seconds(pool, tasks);
                if (i >= 0) {
                    Measured.say("ours", tasks / seconds);
                }
            }
        }
    }

    @Override
    public String name() {
        return "cpu-throughput";
    }

    @Override
    public String about() {
        return "10,000 tasks that return 1 are forked into one scope and joined, with two workers; Python submits as many and takes"
                + " all results, or imaps over as many items. Ours has 15 rounds of warm-up, Python one. Each side in processes of its"
                + " own, in turns.";
    }

    @Override
    public String whyShort() {
        return "A worker has one task at a time, so that a crash costs one, and no task waits in a worker that"
                + " could die: so each task is a write, a wait and a read on both sides. imap sends ahead, many messages for"
                + " one wake. Where tasks are that short, map sends them in chunks.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.java(CpuThroughput.class, 20, TASKS));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        String samples = String.valueOf(effort.of(5, 10));
        String tasks = String.valueOf(TASKS);
        List<Program> programs = new ArrayList<>(List.of(Program.java(CpuThroughput.class, samples, tasks)));
        Optional<Program> executor = OtherLanguages.python("throughput", "executor", samples, tasks);
        Optional<Program> imap = OtherLanguages.python("throughput", "pool", samples, tasks);
        Findings findings = new Findings();
        executor.ifPresentOrElse(programs::add, () -> findings.skip("cpu-throughput", OtherLanguages.NO_PYTHON));
        imap.ifPresentOrElse(programs::add, () -> findings.skip("cpu-throughput-vs-imap", OtherLanguages.NO_PYTHON));
        Measured measured = Turns.ofPrograms(effort.of(2, 5), programs);
        if (executor.isPresent() && imap.isPresent()) {
            Samples ours = measured.samples("ours", "CPU subtasks");
            Samples submit = measured.samples("executor", "ProcessPoolExecutor.submit");
            Samples pool = measured.samples("pool", "multiprocessing.Pool.imap");
            findings.add(new Figure("cpu-throughput", "tasks/s", ours, submit, Goal.atLeast(3)))
                    .add(new Figure("cpu-throughput-vs-imap", "tasks/s", ours, pool, Goal.atLeast(1)))
                    .add(Plot.ofSamples(
                            "10,000 tasks queued, 2 workers", "tasks per second", List.of(ours, submit, pool)));
        }
        return findings;
    }

    private static double seconds(ProcessPool pool, int tasks) throws Exception {
        long start = System.nanoTime();
        long sum = 0;
        try (var scope = MixedScope.<Integer>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            List<Subtask<Integer>> subtasks = new ArrayList<>(tasks);
            for (int i = 0; i < tasks; i++) {
                subtasks.add(scope.fork(TaskKind.CPU, NoOp::one));
            }
            scope.join();
            for (Subtask<Integer> subtask : subtasks) {
                sum += subtask.get();
            }
        }
        if (sum != tasks) {
            throw new IllegalStateException("each task has to return 1, the sum is " + sum);
        }
        return (System.nanoTime() - start) / 1e9;
    }
}
