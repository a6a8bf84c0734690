package dev.loomscope.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** Runs methods of a JMH benchmark in turns, one fork each per round; a sample is an iteration. */
final class JmhTurns {

    private JmhTurns() {}

    /**
     * Returns the samples by the method's name; those of secondary results by {@code method.result}.
     *
     * @param options changes what the annotations of the benchmark say
     */
    static Measured run(
            int rounds, Class<?> benchmark, List<String> methods, UnaryOperator<ChainedOptionsBuilder> options)
            throws Exception {
        Measured measured = new Measured();
        Path log = Files.createTempFile("jmh", ".txt");
        try {
            for (int round = 0; round < rounds; round++) {
                for (String method : Turns.inOrderOf(round, methods)) {
                    ChainedOptionsBuilder builder = new OptionsBuilder()
                            .include("^" + Pattern.quote(benchmark.getName() + "." + method) + "$")
                            .forks(1)
                            .shouldFailOnError(true)
                            .output(log.toString());
                    for (RunResult result : new Runner(options.apply(builder).build()).run()) {
                        collect(method, result, measured);
                    }
                }
            }
        } finally {
            Files.deleteIfExists(log);
        }
        return measured;
    }

    private static void collect(String method, RunResult result, Measured measured) {
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                measured.add(method, iteration.getPrimaryResult().getScore());
                for (Result<?> more : iteration.getSecondaryResults().values()) {
                    measured.add(method + "." + more.getLabel(), more.getScore());
                }
            }
        }
    }
}
