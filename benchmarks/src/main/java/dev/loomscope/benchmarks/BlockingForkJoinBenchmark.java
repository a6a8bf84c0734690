package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
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

/** What it costs to fork and join a subtask that does nothing on a platform thread, in a scope of 2,000. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 10, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g", "-XX:+AlwaysPreTouch"})
public class BlockingForkJoinBenchmark {

    private static final int SUBTASKS = 2_000;
    private static final Task<Integer> NOTHING = () -> 1;
    private static final ThreadFactory PLATFORM = Thread.ofPlatform().factory();

    private final ExecutorService cached = Executors.newCachedThreadPool();

    /** Ends the pool. */
    @TearDown
    public void close() {
        cached.close();
    }

    /** {@link MixedScope}, BLOCKING kind: a thread for each subtask, 64 at a time. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void mixedScope() throws Exception {
        try (var scope = MixedScope.open()) {
            for (int i = 0; i < SUBTASKS; i++) {
                scope.fork(TaskKind.BLOCKING, NOTHING);
            }
            scope.join();
        }
    }

    /** The same on threads that are kept and used again. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void mixedScopeReused() throws Exception {
        try (var scope = MixedScope.open(c -> c.withReusedThreads(true))) {
            for (int i = 0; i < SUBTASKS; i++) {
                scope.fork(TaskKind.BLOCKING, NOTHING);
            }
            scope.join();
        }
    }

    /** The JDK's {@code StructuredTaskScope} with a factory of platform threads. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void jdkScope() throws Throwable {
        try (var scope = PeerScope.open(PLATFORM)) {
            for (int i = 0; i < SUBTASKS; i++) {
                scope.fork(NOTHING);
            }
            scope.join();
        }
    }

    /** A pool that uses its threads again. */
    @Benchmark
    @OperationsPerInvocation(SUBTASKS)
    public void cachedPool() throws Exception {
        List<Future<Integer>> futures = new ArrayList<>(SUBTASKS);
        for (int i = 0; i < SUBTASKS; i++) {
            futures.add(cached.submit(NOTHING));
        }
        for (Future<Integer> future : futures) {
            future.get();
        }
    }
}
