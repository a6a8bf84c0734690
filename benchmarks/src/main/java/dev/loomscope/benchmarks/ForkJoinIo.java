package dev.loomscope.benchmarks;

import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Figure: what it costs to fork and join an IO subtask that does nothing, next to the JDK's scope and other ways to do the same. */
final class ForkJoinIo implements Comparison {

    private static final String OURS = "mixedScope";
    private static final int FIRST_JDK_OF_JOX = 25;

    @Override
    public String name() {
        return "fork-join-io";
    }

    @Override
    public String about() {
        return "100,000 subtasks that do nothing are forked in one scope and joined, in a heap of 1 GiB that is touched before."
                + " JMH; 3 s of warm-up in each fork, sides in turns. The cached pool and ForkJoinPool run on platform threads.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.jmh(ForkJoinBenchmark.class, OURS));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Measured measured = JmhTurns.run(
                effort.of(2, 5), ForkJoinBenchmark.class, List.of(OURS, "jdkScope"), some(effort.of(5, 10)));
        List<String> peers = List.of("virtualThreadExecutor", "cachedPool", "forkJoinPool");
        measured.addAll(JmhTurns.run(1, ForkJoinBenchmark.class, peers, some(effort.of(10, 20))));
        boolean joxRuns = Runtime.version().feature() >= FIRST_JDK_OF_JOX;
        if (joxRuns) {
            measured.addAll(
                    JmhTurns.run(1, JoxForkJoinBenchmark.class, List.of("supervised"), some(effort.of(10, 20))));
        }
        Samples ours = measured.samples(OURS, "MixedScope, IO");
        Samples jdk = measured.samples("jdkScope", "JDK scope");
        Findings findings = new Findings()
                .add(new Figure("fork-join-io", "ns/subtask", ours, jdk, Goal.atMost(1.15)))
                .add(peer("virtual-thread-executor", ours, measured.samples("virtualThreadExecutor", "executor")))
                .add(peer("cached-thread-pool", ours, measured.samples("cachedPool", "cached pool")))
                .add(peer("fork-join-pool", ours, measured.samples("forkJoinPool", "ForkJoinPool")));
        if (joxRuns) {
            findings.add(peer("jox", ours, measured.samples("supervised", "Jox")));
        } else {
            findings.skip("fork-join-io-vs-jox", "Jox needs JDK %d or newer".formatted(FIRST_JDK_OF_JOX));
        }
        return findings.add(Plot.ofSamples("fork and join, IO", "ns per subtask", List.of(ours, jdk)));
    }

    private static Figure peer(String name, Samples ours, Samples theirs) {
        return new Figure("fork-join-io-vs-" + name, "ns/subtask", ours, theirs, Goal.none());
    }

    private static UnaryOperator<ChainedOptionsBuilder> some(int iterations) {
        return options -> options.warmupIterations(3)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(iterations)
                .measurementTime(TimeValue.milliseconds(500));
    }
}
