package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to fork and join a subtask that does nothing, in a scope of 100,000: here, in the JDK's own scope and in executors.
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
@State(Scope.Benchmark)
public class ForkJoinBenchmark {

    static final int SUBTASKS = 100_000;
    private static final Task<Integer> NOTHING = () -> 1;

    private final ExecutorService cached = Executors.newCachedThreadPool();
    private final ExecutorService forkJoin = new ForkJoinPool();

    /** Ends the pools. */
    @TearDown
    public void close() {
        cached.close();
        forkJoin.close();
    }

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

    /** A virtual thread per task, without a scope. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void virtualThreadExecutor() throws Exception {
        try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
            submitAndWait(executor);
        }
    }

    /** Platform threads that are used again. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void cachedPool() throws Exception {
        submitAndWait(cached);
    }

    /** A thread per processor. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void forkJoinPool() throws Exception {
        submitAndWait(forkJoin);
    }

    private static void submitAndWait(ExecutorService executor) throws Exception {
        List<Future<Integer>> futures = new ArrayList<>(SUBTASKS);
        for (int i = 0; i < SUBTASKS; i++) {
            futures.add(executor.submit(NOTHING));
        }
        for (Future<Integer> future : futures) {
            future.get();
        }
    }
}
