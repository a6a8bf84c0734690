package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Figure: a pool of 64 workers starts and works, next to as many bare JVMs. Its main is our side; argument: how many times.
 */
public final class ManyWorkers implements Comparison {

    private static final int WORKERS = 64;
    private static final int HEAP_MIB = 32;
    private static final int TASKS = 64 * WORKERS;

    /** Starts so many pools, one after another, and says how long each took until all workers are ready, and for some work. */
    public static void main(String[] args) throws Exception {
        for (int i = 0; i < Integer.parseInt(args[0]); i++) {
            try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(WORKERS)
                    .withMaxHeapMiB(HEAP_MIB)
                    .withMemoryBudgetMiB(WORKERS * HEAP_MIB)
                    .withStartTimeout(Duration.ofMinutes(3)))) { // a loaded machine is slow, which is no failure
                long start = System.nanoTime();
                int live = pool.prewarm(WORKERS).get();
                Measured.say("ours", (System.nanoTime() - start) / 1e9);
                if (live != WORKERS) {
                    throw new IllegalStateException("%d of %d workers are live".formatted(live, WORKERS));
                }
                Measured.say("work", TASKS / seconds(pool));
            }
        }
    }

    /** A JVM that says that it is there and waits to be ended. */
    static final class Bare {

        private Bare() {}

        /** Says one byte, then reads until its stdin is closed. */
        public static void main(String[] args) throws IOException {
            System.out.write('x');
            System.out.flush();
            int unused = System.in.read();
        }
    }

    @Override
    public String name() {
        return "many-workers";
    }

    @Override
    public String about() {
        return "A pool of 64 workers with heaps of 32 MiB: the time until all are ready. Beside it: 64 JVMs with the same heap and"
                + " SerialGC, started at once, until each has printed a byte. No warm-up: it is the start that is measured, in turns.";
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Measured measured = new Measured();
        for (int round = 0; round < effort.of(2, 10); round++) {
            measured.addAll(Program.java(ManyWorkers.class, 1).run());
            measured.add("bare", bareSeconds());
        }
        Samples ours = measured.samples("ours", "pool");
        Samples bare = measured.samples("bare", "bare JVMs");
        return new Findings()
                .add(new Figure("many-workers-start", "s", ours, bare, Goal.none()))
                .note("%,d tasks that do nothing then went through at %s tasks/s."
                        .formatted(
                                TASKS,
                                Figure.number(measured.samples("work", "work").median())));
    }

    private static double seconds(ProcessPool pool) throws Exception {
        long start = System.nanoTime();
        try (var scope = MixedScope.<Integer>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            for (int i = 0; i < TASKS; i++) {
                scope.fork(TaskKind.CPU, NoOp::one);
            }
            scope.join();
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static double bareSeconds() throws IOException {
        List<Process> processes = new ArrayList<>();
        List<String> options = List.of("-Xmx" + HEAP_MIB + "m", "-XX:+UseSerialGC", "-XX:ActiveProcessorCount=1");
        List<String> command = Program.java(options, Bare.class).command();
        long start = System.nanoTime();
        try {
            for (int i = 0; i < WORKERS; i++) {
                processes.add(new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start());
            }
            for (Process process : processes) {
                if (process.getInputStream().read() != 'x') {
                    throw new IOException("a bare JVM has not started");
                }
            }
            return (System.nanoTime() - start) / 1e9;
        } finally {
            processes.forEach(Process::destroyForcibly);
        }
    }
}
