package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskKind;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to fork and join a subtask that does nothing, in a scope of 100,000: here and in the JDK's own scope.
 *
 * <p>The heap has its full size from the start: otherwise the collector enlarges it now and then, and whoever forks next pays for
 * touching the new pages, several times what is measured here.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"})
public class ForkJoinBenchmark {

    private static final int SUBTASKS = 100_000;
    private static final Task<Integer> NOTHING = () -> 1;

    /** {@link MixedScope}, IO kind. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void mixedScope() throws Exception {
        try (var scope = MixedScope.open()) {
            for (int i = 0; i < SUBTASKS; i++) {
                scope.fork(TaskKind.IO, NOTHING);
            }
            scope.join();
        }
    }

    /** The JDK's {@code StructuredTaskScope}. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void jdkScope() throws Throwable {
        try (var scope = PeerScope.open()) {
            for (int i = 0; i < SUBTASKS; i++) {
                scope.fork(NOTHING);
            }
            scope.join();
        }
    }
}
