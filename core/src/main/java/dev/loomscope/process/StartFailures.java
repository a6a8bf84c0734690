package dev.loomscope.process;

import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides, when a worker could not be started, or was lost before it was of any use, whether the tasks that wait may go on hoping.
 *
 * <p>Both are the same: a JVM that crashes once it is ready costs as much as one that does not get ready, and the next one will most
 * likely do the same. So a worker has succeeded only when the code of a task has started in it.
 */
final class StartFailures {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);

    private final PoolState pool;

    StartFailures(PoolState pool) {
        this.pool = pool;
    }

    /**
     * Takes note of one. Tasks that wait are served by the workers that there are; if none suits them, a few starts may still help.
     * Without the lock.
     *
     * @param count called with the lock
     */
    void note(Consumer<WorkerStarts> count, WorkerStartException reason) {
        List<PoolJob<?>> hopeless = List.of();
        String failures;
        boolean expected;
        pool.lock.lock();
        try {
            expected = pool.endReason() != null;
            count.accept(pool.starts);
            failures = pool.starts.describeFailures();
            if (pool.starts.underWay() == 0 && (expected || pool.starts.areHopeless())) {
                hopeless = pool.queue.takeLargerThan(pool.shelf.largestHeapMiB());
            }
            if (pool.queue.isEmpty() || !hopeless.isEmpty()) {
                pool.starts.forgetFailures(); // nobody waits for it: whoever comes next may hope again
                pool.dispatch();
            }
            pool.settle();
        } finally {
            pool.lock.unlock();
        }
        String message = failures + reason.getMessage();
        if (hopeless.isEmpty() && !expected) {
            log.warn("{}", message, reason);
        }
        Throwable cause = reason.getCause() == null ? reason : reason.getCause(); // what its init threw, say
        PoolState.fail(hopeless, () -> new WorkerStartException(message, cause));
    }

    /** What is said of a worker that crashed before the code of a task had started in it. */
    WorkerStartException crashed(Worker worker, WorkerExit exit) {
        String tail = exit.stderrTail().isEmpty() ? "" : " Its last words on stderr:\n" + exit.stderrTail();
        String message = "worker %s of pool '%s' crashed (%s) soon after its start, before any task began in it. %s%s"
                .formatted(
                        worker,
                        pool.config.name(),
                        exit.describe(),
                        WorkerCrashedException.advice(worker, exit, pool.config),
                        tail);
        return new WorkerStartException(message, null);
    }
}
