package dev.loomscope.benchmarks;

import dev.loomscope.Deadline;
import dev.loomscope.DeadlineExceededException;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * How long after its deadline a deaf loop is dead, its process included: the promise is the grace period and 100 ms at the median.
 *
 * <p>A program of its own and not a JMH benchmark, since what counts is the distribution of single shots of half a second each.
 * Arguments: how many (100), the grace period in ms (250).
 */
public final class DeadlineToDead {

    private static final Duration UNTIL_DEADLINE = Duration.ofMillis(100);
    private static final int WARM_UP = 5;

    private DeadlineToDead() {}

    /** Measures, and prints the median, the 99th percentile and the worst, in ms. */
    public static void main(String[] args) throws Exception {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 100;
        Duration grace = Duration.ofMillis(args.length > 1 ? Long.parseLong(args[1]) : 250);
        long[] nanos = new long[rounds];
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withName("deaf").withWorkers(2).withCancelGrace(grace))) {
            for (int i = -WARM_UP; i < rounds; i++) {
                long late = measure(pool);
                if (i >= 0) {
                    nanos[i] = late;
                }
            }
        }
        Arrays.sort(nanos);
        System.out.printf(
                "deadline to dead process, deaf loop, grace %d ms, %d rounds: median %.1f ms, p99 %.1f ms, worst %.1f ms%n",
                grace.toMillis(), rounds, millis(nanos, 0.5), millis(nanos, 0.99), millis(nanos, 1));
    }

    private static long measure(ProcessPool pool) throws Exception {
        try (var scope = MixedScope.<Long>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            long pid = scope.fork(TaskKind.CPU, () -> ProcessHandle.current().pid())
                    .await(); // the worker used last gets the next task
            ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
            long deadline = System.nanoTime() + UNTIL_DEADLINE.toNanos();
            scope.moveDeadline(Deadline.after(UNTIL_DEADLINE));
            scope.fork("deaf", TaskKind.CPU, DeadlineToDead::spin);
            return untilDead(scope, deadline, process);
        }
    }

    private static long untilDead(MixedScope<Long, ?> scope, long deadline, ProcessHandle process) throws Exception {
        try {
            scope.join();
        } catch (DeadlineExceededException e) {
            long late = System.nanoTime() - deadline;
            if (process.isAlive()) {
                throw new IllegalStateException("process %d has survived its deadline".formatted(process.pid()), e);
            }
            return late;
        }
        throw new IllegalStateException("a loop without an end has ended");
    }

    private static long spin() {
        while (true) {
            Thread.onSpinWait();
        }
    }

    private static double millis(long[] sorted, double quantile) {
        int index = (int) Math.ceil(quantile * sorted.length) - 1;
        return (double) sorted[Math.max(0, index)] / TimeUnit.MILLISECONDS.toNanos(1);
    }
}
