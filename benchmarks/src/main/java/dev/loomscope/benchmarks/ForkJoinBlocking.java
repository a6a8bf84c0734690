package dev.loomscope.benchmarks;

import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.runner.options.TimeValue;

/** Figure: what a BLOCKING subtask costs, next to a platform thread per task in the JDK's scope. */
final class ForkJoinBlocking implements Comparison {

    @Override
    public String name() {
        return "fork-join-blocking";
    }

    @Override
    public String about() {
        return "2,000 subtasks that do nothing, each on a platform thread of its own, are forked in one scope and joined. Ours keeps its"
                + " limit of 64 at a time. Then ours with reused threads, next to a cached pool. JMH; 2 s of warm-up in each"
                + " fork, sides in turns.";
    }

    @Override
    public String whyShort() {
        return "The start of a platform thread is most of it on both sides. Ours also waits for a permit where"
                + " the JDK's starts all at once, and gives it back.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.jmh(BlockingForkJoinBenchmark.class, "mixedScope"));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Measured measured = JmhTurns.run(
                effort.of(2, 5),
                BlockingForkJoinBenchmark.class,
                List.of("mixedScope", "mixedScopeReused", "jdkScope", "cachedPool"),
                options -> options.warmupIterations(2)
                        .warmupTime(TimeValue.seconds(1))
                        .measurementIterations(effort.of(5, 10))
                        .measurementTime(TimeValue.milliseconds(500)));
        Samples ours = measured.samples("mixedScope", "MixedScope, BLOCKING");
        Samples reused = measured.samples("mixedScopeReused", "MixedScope, BLOCKING, reused threads");
        Samples jdk = measured.samples("jdkScope", "JDK scope, platform threads");
        Samples cached = measured.samples("cachedPool", "cached pool");
        return new Findings()
                .add(new Figure("fork-join-blocking", "us/subtask", ours, jdk, Goal.atMost(1.1)))
                .add(new Figure("fork-join-blocking-reused", "us/subtask", reused, cached, Goal.atMost(1.5)))
                .add(Plot.ofSamples("fork and join, BLOCKING", "us per subtask", List.of(ours, reused, jdk, cached)));
    }
}
