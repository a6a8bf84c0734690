package dev.loomscope.benchmarks;

import dev.loomscope.core.Cpu;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskClassifier;
import dev.loomscope.core.TaskKind;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What finding the kind of a task costs from the second fork of a call site on; the first reads a class file. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ClassificationBenchmark {

    private final int captured = Runtime.version().feature();

    /** A method reference. */
    @Benchmark
    public TaskKind methodReference() {
        return TaskClassifier.kindOf((Task<Integer>) ClassificationBenchmark::compute);
    }

    /** A lambda that captures, so that each fork brings a new object of the same class. */
    @Benchmark
    public TaskKind capturingLambda() {
        int copy = captured;
        return TaskClassifier.kindOf((Task<Integer>) () -> compute() + copy);
    }

    @Cpu
    private static int compute() {
        return 42;
    }
}
