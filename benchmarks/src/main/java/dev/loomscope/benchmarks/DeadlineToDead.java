package dev.loomscope.benchmarks;

import dev.loomscope.Deadline;
import dev.loomscope.DeadlineExceededException;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * How long after its deadline a deaf loop is dead, its process included, and a new worker ready: the promise is that it is dead after
 * the grace period and 100 ms at the median.
 *
 * <p>A program of its own and not a JMH benchmark, since what counts is the distribution of single shots of half a second each.
 * Arguments: how many (100), the grace period in ms (250).
 */
public final class DeadlineToDead {

    private static final Duration UNTIL_DEADLINE = Duration.ofMillis(100);
    private static final int WARM_UP = 5;

    private DeadlineToDead() {}

    /** Measures, and prints each sample, then the median, the 99th percentile and the worst, in ms. */
    public static void main(String[] args) throws Exception {
        int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 100;
        Duration grace = Duration.ofMillis(args.length > 1 ? Long.parseLong(args[1]) : 250);
        List<Double> dead = new ArrayList<>();
        List<Double> replaced = new ArrayList<>();
        BlockingQueue<WorkerReady> ready = new LinkedBlockingQueue<>();
        try (ProcessPool pool = ProcessPool.open(c ->
                c.withName("deaf").withWorkers(1).withCancelGrace(grace).withListener(event -> hear(event, ready)))) {
            for (int i = -WARM_UP; i < rounds; i++) {
                Round round = measure(pool, ready);
                if (i >= 0) {
                    dead.add(round.deadMillis());
                    replaced.add(round.replacedMillis());
                    Measured.say("dead", round.deadMillis());
                    Measured.say("replaced", round.replacedMillis());
                }
            }
        }
        System.out.printf("deaf loop, grace %d ms, %d rounds, from the deadline:%n", grace.toMillis(), rounds);
        print("dead", dead);
        print("replaced", replaced);
    }

    /** One kill, from the deadline on. */
    private record Round(double deadMillis, double replacedMillis) {}

    /** A worker is ready, since when. */
    private record WorkerReady(long pid, long nanoTime) {}

    private static void hear(ScopeEvent event, BlockingQueue<WorkerReady> ready) {
        if (event instanceof ScopeEvent.WorkerStarted started) {
            ready.add(new WorkerReady(started.pid(), System.nanoTime()));
        }
    }

    private static void print(String what, List<Double> millis) {
        Samples samples = Samples.of(what, millis);
        System.out.printf(
                "%-10s median %.1f ms, p99 %.1f ms, worst %.1f ms%n",
                what, samples.median(), samples.quantile(0.99), samples.quantile(1));
    }

    private static Round measure(ProcessPool pool, BlockingQueue<WorkerReady> ready) throws Exception {
        try (var scope = MixedScope.<Long>open(ScopeConfig.defaults().withCpuBackend(pool))) {
            long pid = scope.fork(TaskKind.CPU, () -> ProcessHandle.current().pid())
                    .await(); // there is one worker: it gets the next task too
            ProcessHandle process = ProcessHandle.of(pid).orElseThrow();
            long deadline = System.nanoTime() + UNTIL_DEADLINE.toNanos();
            scope.moveDeadline(Deadline.after(UNTIL_DEADLINE));
            scope.fork("deaf", TaskKind.CPU, DeadlineToDead::spin);
            double dead = untilDead(scope, deadline, process) / 1e6;
            WorkerReady next = ready.take();
            while (next.pid() == pid) {
                next = ready.take();
            }
            return new Round(dead, (next.nanoTime() - deadline) / 1e6);
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
}
