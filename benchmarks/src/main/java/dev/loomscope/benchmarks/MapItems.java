package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;

/**
 * Figure: {@code map} of the CPU kind over many items of 100 us, next to ForkJoinPool in this JVM. Its main measures both; arguments: how
 * many items, how many samples.
 */
public final class MapItems implements Comparison {

    private static final Duration ITEM = Duration.ofNanos(100_000);
    private static final int WARM_UP = 2;
    private static final int CORES = Runtime.getRuntime().availableProcessors();

    /** Measures both sides: items per second. */
    public static void main(String[] args) throws Exception {
        int steps = Spin.stepsFor(ITEM, Spin.stepsPerNano());
        List<Integer> items = Collections.nCopies(Integer.parseInt(args[0]), steps);
        long expected = items.size() * Spin.steps(steps);
        try (ProcessPool pool = ProcessPool.open();
                ForkJoinPool threads = new ForkJoinPool(CORES)) {
            Map<String, Turns.Side> sides = new LinkedHashMap<>();
            sides.put("map", () -> perSecond(items, expected, () -> mapped(pool, items)));
            sides.put("threads", () -> perSecond(items, expected, () -> onThreads(threads, items)));
            Turns.inThisJvm(WARM_UP, Integer.parseInt(args[1]), sides);
        }
    }

    @Override
    public String name() {
        return "map-items";
    }

    @Override
    public String about() {
        return "Items that compute for 100 us each, by map on the CPU kind, which chooses its chunks, with a worker per processor; and"
                + " by a parallel stream in a ForkJoinPool of as many threads in this JVM, the upper bound. Two rounds of warm-up,"
                + " sides in turns.";
    }

    @Override
    public String whyShort() {
        return "The parent's own threads take part of the processors that the workers compute on.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.java(List.of("-Xmx2g"), MapItems.class, 20_000, 3));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        int items = effort.of(20_000, 1_000_000);
        Measured measured = Turns.ofPrograms(1, List.of(Program.java(List.of("-Xmx2g"), MapItems.class, items, 10)));
        Samples ours = measured.samples("map", "map, CPU");
        Samples threads = measured.samples("threads", "ForkJoinPool");
        return new Findings()
                .add(new Figure("map-items", "items/s", ours, threads, Goal.atLeast(0.8)))
                .add(Plot.ofSamples("items of 100 us", "items per second", List.of(ours, threads)))
                .note("%,d items.".formatted(items));
    }

    /** Maps all items; returns the sum of the results. */
    @FunctionalInterface
    private interface Way {
        long run() throws Exception;
    }

    private static double perSecond(List<Integer> items, long expected, Way way) throws Exception {
        long start = System.nanoTime();
        long sum = way.run();
        long took = System.nanoTime() - start;
        if (sum != expected) {
            throw new IllegalStateException("this way has computed something else");
        }
        return items.size() / (took / 1e9);
    }

    private static long mapped(ProcessPool pool, List<Integer> items) throws Exception {
        try (var scope = MixedScope.<Long>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            List<Long> results = scope.map(TaskKind.CPU, items, Spin::steps);
            scope.join();
            return results.stream().mapToLong(Long::longValue).sum();
        }
    }

    private static long onThreads(ForkJoinPool threads, List<Integer> items) throws Exception {
        List<Long> results = threads.submit(
                        () -> items.parallelStream().map(Spin::steps).toList())
                .get();
        return results.stream().mapToLong(Long::longValue).sum();
    }
}
