package dev.loomscope.benchmarks;

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** The work of {@link ForkJoinBenchmark} in Jox, which needs JDK 25 and a JVM option that the others do without. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"--enable-preview", "-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"})
public class JoxForkJoinBenchmark {

    private static final Callable<Integer> NOTHING = () -> 1;

    /** {@code Scopes.supervised}. */
    @Benchmark
    @OperationsPerInvocation(ForkJoinBenchmark.SUBTASKS)
    public void supervised() throws Throwable {
        JoxScope.forkAndJoin(ForkJoinBenchmark.SUBTASKS, NOTHING);
    }
}
