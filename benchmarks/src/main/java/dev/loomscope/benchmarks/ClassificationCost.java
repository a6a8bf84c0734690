package dev.loomscope.benchmarks;

import java.util.List;
import java.util.Optional;
import org.openjdk.jmh.runner.options.TimeValue;

/** Figure: what it costs to find the kind of a task from the second fork of its call site on. */
final class ClassificationCost implements Comparison {

    private static final double LIMIT_NANOS = 50;

    @Override
    public String name() {
        return "classification-second-fork";
    }

    @Override
    public String about() {
        return "Finding the kind of a method reference, and of a lambda that captures, whose call site has been seen before."
                + " JMH; 2 s of warm-up. The limit is given, not measured.";
    }

    @Override
    public Optional<Program> ours() {
        return Optional.of(Program.jmh(ClassificationBenchmark.class, "capturingLambda"));
    }

    @Override
    public Findings run(Effort effort) throws Exception {
        Measured measured = JmhTurns.run(
                effort.of(1, 3),
                ClassificationBenchmark.class,
                List.of("methodReference", "capturingLambda"),
                options -> options.warmupIterations(2)
                        .warmupTime(TimeValue.seconds(1))
                        .measurementIterations(10)
                        .measurementTime(TimeValue.milliseconds(300)));
        Samples limit = Samples.limit(LIMIT_NANOS);
        return new Findings()
                .add(new Figure(
                        "classification-second-fork",
                        "ns",
                        measured.samples("capturingLambda", "capturing lambda"),
                        limit,
                        Goal.atMost(1)))
                .add(new Figure(
                        "classification-second-fork-method-reference",
                        "ns",
                        measured.samples("methodReference", "method reference"),
                        limit,
                        Goal.atMost(1)));
    }
}
