package dev.loomscope.benchmarks;

import dev.loomscope.MixedScope;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskKind;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A million subtasks, say, that all wait at the same time, in 2 GiB of heap: how long it takes to fork them, let them go and join, and how
 * much memory each needs while it waits; here and in the JDK's own scope.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
public class BlockedSubtasksBenchmark {

    /** How many wait at the same time. */
    @State(Scope.Benchmark)
    public static class Size {

        @Param("1000000")
        int subtasks;
    }

    /** What JMH prints beside the time. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Memory {

        /** Heap in use per waiting subtask, in bytes. */
        public long bytesPerSubtask;

        private long before;

        /** Starts from nothing. */
        @Setup(Level.Iteration)
        public void begin() {
            bytesPerSubtask = 0;
            before = used();
        }

        void allWait(int subtasks) {
            bytesPerSubtask = (used() - before) / subtasks;
        }

        private static long used() {
            System.gc();
            Runtime runtime = Runtime.getRuntime();
            return runtime.totalMemory() - runtime.freeMemory();
        }
    }

    private static Task<Integer> waiting(CountDownLatch everybodyWaits, CountDownLatch release) {
        return () -> {
            everybodyWaits.countDown();
            release.await();
            return 1;
        };
    }

    /** {@link MixedScope}, IO kind. */
    @Benchmark
    public void mixedScope(Size size, Memory memory) throws Exception {
        CountDownLatch everybodyWaits = new CountDownLatch(size.subtasks);
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            for (int i = 0; i < size.subtasks; i++) {
                scope.fork(TaskKind.IO, waiting(everybodyWaits, release));
            }
            everybodyWaits.await();
            memory.allWait(size.subtasks);
            release.countDown();
            scope.join();
        }
    }

    /** The JDK's {@code StructuredTaskScope}. */
    @Benchmark
    public void jdkScope(Size size, Memory memory) throws Throwable {
        CountDownLatch everybodyWaits = new CountDownLatch(size.subtasks);
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = PeerScope.open()) {
            for (int i = 0; i < size.subtasks; i++) {
                scope.fork(waiting(everybodyWaits, release));
            }
            everybodyWaits.await();
            memory.allWait(size.subtasks);
            release.countDown();
            scope.join();
        }
    }
}
