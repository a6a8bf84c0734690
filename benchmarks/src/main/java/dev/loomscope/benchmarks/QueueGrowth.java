package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.benchmarks.Plot.Curve;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Figure: whether a task costs the same however many are queued, and however many workers there are. Its main measures one of the two;
 * arguments: {@code tasks} and the largest number of them, or {@code workers} and all numbers of them; how many rounds.
 */
public final class QueueGrowth implements Comparison {

    private static final int TASKS_OF_A_SAMPLE = 10_000;
    private static final String WORKERS = "1,2,4,8,16,32,64";
    private static final String SOME_WORKERS = "1,2,8,64";
    private static final int HEAP_MIB = 32;
    private static final int WARM_UP = 3;
    private static final int WARM_UP_OF_A_WORKER = 1_000; // tasks at least
    private static final double FLAT = 1.25;

    /** Says the points of a curve: the number, and us per task. */
    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[2]);
        if (args[0].equals("tasks")) {
            byTasks(Integer.parseInt(args[1]), rounds);
        } else {
            byWorkers(args[1].split(",", -1), rounds);
        }
    }

    @Override
    public String name() {
        return "growth";
    }

    @Override
    public String about() {
        return "Tasks that do nothing, all forked into one scope and joined: us per task with 10 to 1,000,000 of them (short: 100,000)"
                + " and two workers, and with 10,000 of them and 1 to 64 workers. A sample has at least 10,000 tasks, three rounds of"
                + " warm-up, for many workers as many as give each 1,000 tasks. The figures compare the cost at the largest number with"
                + " that in the middle; flat is within a quarter.";
    }

    @Override
    public String whyShort() {
        return "A task that is queued takes some 1.5 KiB of heap: its handle, where it was forked, its bytes, its reply."
                + " With very many of them the collector has to copy that. And each worker is a JVM that compiles for itself, and has"
                + " to be woken for each task: 64 of them share two processors with their compilers.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.java(List.of("-Xmx6g"), QueueGrowth.class, "tasks", 100_000, 1));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        int tasks = effort.of(100_000, 1_000_000);
        int rounds = effort.of(5, 10);
        Curve byTasks = Program.java(List.of("-Xmx6g"), QueueGrowth.class, "tasks", tasks, rounds)
                .run()
                .curves()
                .get(0);
        Curve byWorkers = Program.java(
                        List.of("-Xmx2g"),
                        QueueGrowth.class,
                        "workers",
                        effort == Effort.SHORT ? SOME_WORKERS : WORKERS,
                        effort.of(2, 10))
                .run()
                .curves()
                .get(0);
        return new Findings()
                .add(figure("growth-queued-tasks", byTasks, tasks, 1_000))
                .add(figure("growth-workers", byWorkers, 64, 2))
                .add(new Plot("cost by queued tasks", "tasks", "us per task", true, false, List.of(byTasks)))
                .add(new Plot("cost by workers", "workers", "us per task", true, false, List.of(byWorkers)));
    }

    private static Figure figure(String name, Curve curve, int most, int middle) {
        return new Figure(
                name,
                "us/task",
                new Samples("%,d".formatted(most), List.of(at(curve, most))),
                new Samples("%,d".formatted(middle), List.of(at(curve, middle))),
                Goal.atMost(FLAT));
    }

    private static double at(Curve curve, double x) {
        return curve.points().stream()
                .filter(point -> point.x() == x)
                .mapToDouble(Plot.Point::y)
                .findFirst()
                .orElseThrow();
    }

    private static void byTasks(int most, int rounds) throws Exception {
        List<Integer> numbers = new ArrayList<>();
        for (int tasks = 10; tasks <= most; tasks *= 10) {
            numbers.add(tasks);
        }
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(2).withMaxQueuedBytes(3L << 30))) {
            for (int round = -WARM_UP; round < rounds; round++) {
                for (int tasks : Turns.inOrderOf(round, numbers)) {
                    if (round >= 0 || tasks <= TASKS_OF_A_SAMPLE) {
                        double micros = microsPerTask(pool, tasks);
                        if (round >= 0) {
                            Measured.say("tasks", (double) tasks, micros);
                        }
                    }
                }
            }
        }
    }

    private static void byWorkers(String[] numbers, int rounds) throws Exception {
        for (String number : numbers) {
            int workers = Integer.parseInt(number);
            try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(workers)
                    .withMaxHeapMiB(HEAP_MIB)
                    .withMemoryBudgetMiB(HEAP_MIB * workers)
                    .withStartTimeout(Duration.ofMinutes(3)))) {
                pool.prewarm(workers).get();
                int warmUp = Math.max(WARM_UP, workers * WARM_UP_OF_A_WORKER / TASKS_OF_A_SAMPLE);
                for (int round = -warmUp; round < rounds; round++) {
                    double micros = microsPerTask(pool, TASKS_OF_A_SAMPLE);
                    if (round >= 0) {
                        Measured.say("workers", (double) workers, micros);
                    }
                }
            }
        }
    }

    /** The mean over scopes of so many tasks. */
    private static double microsPerTask(ProcessPool pool, int tasks) throws Exception {
        int scopes = Math.max(1, TASKS_OF_A_SAMPLE / tasks);
        long start = System.nanoTime();
        for (int i = 0; i < scopes; i++) {
            try (var scope = MixedScope.<Integer>open(ScopeConfig.defaults().withCpuBackend(pool))) {
                for (int j = 0; j < tasks; j++) {
                    scope.fork(TaskKind.CPU, NoOp::one);
                }
                scope.join();
            }
        }
        return (System.nanoTime() - start) / 1e3 / scopes / tasks;
    }
}
