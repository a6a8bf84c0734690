package dev.loomscope.process;

import dev.loomscope.core.TaskAction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How far below the application this process is: the application itself is at depth 0, its workers at 1, workers of these at 2.
 *
 * <p>A CPU task may fork CPU tasks: they run in workers of its own worker, never in those of the pool that it came from, so that
 * nobody waits for a worker that whoever waits for him has. What keeps the number of processes in bounds is the depth.
 */
final class Nesting {

    /** Processes at this depth start no workers. */
    static final int MAX_DEPTH = 3;

    private static volatile Nesting here = new Nesting(0, "", ProcessPoolConfig::defaults, null); // set once, by main

    private final int depth;
    private final String worker;
    private final Supplier<ProcessPoolConfig> above; // to be asked for when it is needed: most workers have no pool
    private final WorkerInit.@Nullable Arrived init;

    private Nesting(int depth, String worker, Supplier<ProcessPoolConfig> above, WorkerInit.@Nullable Arrived init) {
        this.depth = depth;
        this.worker = worker;
        this.above = above;
        this.init = init;
    }

    /** This process is this worker, of a pool that was configured so. */
    static void enter(int depth, String worker, Supplier<ProcessPoolConfig> above, WorkerInit.@Nullable Arrived init) {
        here = new Nesting(depth, worker, above, init);
    }

    static int depth() {
        return here.depth;
    }

    /** The name of this worker; empty in the application. */
    static String worker() {
        return here.worker;
    }

    /**
     * Guards against workers of workers without end.
     *
     * @throws IllegalStateException if this process is too deep to have workers
     */
    static void ensureMayHaveWorkers(String task) {
        if (here.depth >= MAX_DEPTH) {
            throw new IllegalStateException(
                    "CPU task '%s' cannot be forked here: this process is worker %s, %s levels below the application, and no worker goes deeper. Call its code directly, or fork it as IO or BLOCKING."
                            .formatted(task, here.worker, here.depth));
        }
    }

    /**
     * The configuration of the pool that everybody in this process shares. In a worker it is that of the pool around, with half the
     * grace period: a task there that does not listen is killed before the worker that waits for it would be.
     */
    static ProcessPoolConfig sharedConfig() {
        Nesting now = here;
        if (now.depth == 0) {
            return ProcessPoolConfig.defaults().withName("shared");
        }
        ProcessPoolConfig above = now.above.get();
        ProcessPoolConfig nested = above.withName(now.worker + "/shared")
                .withMemoryBudgetMiB(Math.max(above.memoryBudgetMiB(), above.maxHeapMiB())) // for one
                .withCancelGrace(above.cancelGrace().dividedBy(2));
        TaskAction action = now.init == null ? null : now.init.action();
        return action == null ? nested : nested.withWorkerInit(action);
    }
}
