package dev.loomscope.benchmarks;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.benchmarks.Plot.Curve;
import dev.loomscope.benchmarks.Plot.Point;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Figure: how long a task has to be for workers to pay, and the curve that says it. Its main measures all of it; argument: how many
 * rounds.
 */
public final class WorkerGain implements Comparison {

    private static final long[] LENGTHS_MICROS = {
        1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000,
    };
    private static final double BATCH_NANOS = MILLISECONDS.toNanos(60);
    private static final int MIN_TASKS = 4;
    private static final int MAX_TASKS = 2_000;
    private static final int WARM_UP = 2;
    private static final int CORES = Runtime.getRuntime().availableProcessors();
    private static final String FORKED = "fork";
    private static final double ADVICE_MICROS = 5_000;

    /** So many tasks of one length, run in some way; returns a sum of what they computed. */
    @FunctionalInterface
    private interface Way {
        long run(int tasks, int steps) throws Exception;
    }

    /** Says the points of the curves: the length of a task in us, and how much faster than one after another that way is. */
    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[0]);
        double stepsPerNano = Spin.stepsPerNano();
        try (ProcessPool pool = ProcessPool.open();
                ExecutorService threads = Executors.newFixedThreadPool(CORES)) {
            Map<String, Way> ways = new LinkedHashMap<>();
            ways.put(FORKED, (tasks, steps) -> forked(pool, tasks, steps));
            ways.put("map", (tasks, steps) -> mapped(pool, tasks, steps));
            ways.put("threads", (tasks, steps) -> onThreads(threads, tasks, steps));
            for (long length : LENGTHS_MICROS) {
                int steps = Spin.stepsFor(Duration.of(length, ChronoUnit.MICROS), stepsPerNano);
                int tasks = (int) Math.clamp(BATCH_NANOS / (length * 1e3), MIN_TASKS, MAX_TASKS);
                for (int round = -WARM_UP; round < rounds; round++) {
                    Serial serial = oneAfterAnother(tasks, steps);
                    for (Map.Entry<String, Way> way : Turns.inOrderOf(round, List.copyOf(ways.entrySet()))) {
                        double gain = gain(way.getValue(), tasks, steps, serial);
                        if (round >= 0) {
                            Measured.say(way.getKey(), (double) length, gain);
                        }
                    }
                }
            }
        }
    }

    @Override
    public String name() {
        return "worker-gain";
    }

    @Override
    public String about() {
        return "The same computation of 1 us to 100 ms, 4 to 2,000 times: one after another in the caller, forked one by one into the"
                + " CPU kind with a worker per processor, by map in chunks of its own choice, and on as many threads. The gain is"
                + " the time of the first divided by that of the other; two rounds of warm-up for each length, ways in turns."
                + " The figure is the length at which forking one by one breaks even, next to the 5 ms below which the README"
                + " advises to call directly.";
    }

    @Override
    public String whyShort() {
        return "Two processors: what a worker gains is at most a factor of two, and a round trip costs as much"
                + " as shorter tasks take.";
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Measured measured =
                Turns.ofPrograms(effort.of(1, 5), List.of(Program.java(WorkerGain.class, effort.of(5, 10))));
        List<Curve> curves = measured.curves();
        Findings findings = new Findings();
        for (Curve curve : curves) {
            double breakEven = breakEven(curve);
            findings.note("'%s' breaks even at %s us.".formatted(curve.name(), Figure.number(breakEven)));
            if (curve.name().equals(FORKED)) {
                findings.add(new Figure(
                        "worker-gain-break-even",
                        "us",
                        new Samples("CPU subtasks", List.of(breakEven)),
                        Samples.limit(ADVICE_MICROS),
                        Goal.atMost(1)));
            }
        }
        return findings.add(new Plot(
                "gain over one after another, %d processors".formatted(CORES),
                "task, us",
                "gain",
                true,
                false,
                curves));
    }

    /** Where the curve first reaches 1, between points on the logarithmic scale; the last x if it never does. */
    private static double breakEven(Curve curve) {
        Point before = curve.points().get(0);
        for (Point point : curve.points()) {
            if (point.y() >= 1) {
                if (before.y() >= 1) {
                    return point.x();
                }
                double share = (1 - before.y()) / (point.y() - before.y());
                return Math.exp(Math.log(before.x()) + share * (Math.log(point.x()) - Math.log(before.x())));
            }
            before = point;
        }
        return before.x();
    }

    /** What the caller alone takes, and what it computes. */
    private record Serial(long nanos, long sum) {}

    private static Serial oneAfterAnother(int tasks, int steps) {
        long start = System.nanoTime();
        long sum = 0;
        for (int i = 0; i < tasks; i++) {
            sum += Spin.steps(steps);
        }
        return new Serial(System.nanoTime() - start, sum);
    }

    private static double gain(Way way, int tasks, int steps, Serial serial) throws Exception {
        long start = System.nanoTime();
        long sum = way.run(tasks, steps);
        long took = System.nanoTime() - start;
        if (sum != serial.sum()) {
            throw new IllegalStateException("this way has computed something else");
        }
        return (double) serial.nanos() / took;
    }

    private static long forked(ProcessPool pool, int tasks, int steps) throws Exception {
        try (var scope = MixedScope.<Long>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            var subtasks = new ArrayList<Subtask<Long>>(tasks);
            for (int i = 0; i < tasks; i++) {
                subtasks.add(scope.fork(TaskKind.CPU, Spin::steps, steps));
            }
            scope.join();
            return subtasks.stream().mapToLong(Subtask::get).sum();
        }
    }

    private static long mapped(ProcessPool pool, int tasks, int steps) throws Exception {
        try (var scope = MixedScope.<Long>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            List<Long> results = scope.map(TaskKind.CPU, Collections.nCopies(tasks, steps), Spin::steps);
            scope.join();
            return results.stream().mapToLong(Long::longValue).sum();
        }
    }

    private static long onThreads(ExecutorService threads, int tasks, int steps) throws Exception {
        Callable<Long> task = () -> Spin.steps(steps);
        long sum = 0;
        for (Future<Long> future : threads.invokeAll(Collections.nCopies(tasks, task))) {
            sum += future.get();
        }
        return sum;
    }
}
