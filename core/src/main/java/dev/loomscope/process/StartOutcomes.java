package dev.loomscope.process;

import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides what becomes of a new worker, and of the tasks that wait when there is none. */
final class StartOutcomes implements WorkerStarts.Owner {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);

    private final PoolState pool;
    private final TaskOutcomes fromWorkers;

    StartOutcomes(PoolState pool) {
        this.pool = pool;
        this.fromWorkers = new TaskOutcomes(pool);
    }

    @Override
    public void onReady(WorkerLaunch launch, Worker worker) {
        pool.events.started(worker, Duration.ofNanos(System.nanoTime() - launch.begun()));
        boolean tooLate;
        try {
            tooLate = !admit(launch, worker);
        } catch (OutOfMemoryError e) {
            worker.discard();
            pool.events.retired(worker, "its threads could not be started");
            onStartFailed(launch, launch.failure(e));
            return;
        }
        if (tooLate) {
            pool.retire(worker, PoolState.CLOSED);
        }
    }

    // Whether the pool still needs it.
    private boolean admit(WorkerLaunch launch, Worker worker) {
        pool.lock.lock();
        try {
            worker.start(fromWorkers); // what it says has to wait for the lock
            pool.starts.succeeded(launch);
            pool.shelf.add(worker);
            if (pool.closed) {
                worker.state = Worker.State.RETIRED;
                return false;
            }
            pool.add(worker);
            return true;
        } finally {
            pool.lock.unlock();
        }
    }

    // Tasks that wait are served by the workers that there are. If none suits them, a few starts may still help.
    @Override
    public void onStartFailed(WorkerLaunch launch, WorkerStartException reason) {
        List<PoolJob<?>> hopeless = List.of();
        String failures;
        boolean expected;
        pool.lock.lock();
        try {
            expected = pool.closed || LiveProcesses.isExiting();
            pool.starts.failed(launch);
            failures = pool.starts.describeFailures();
            if (pool.starts.underWay() == 0 && (expected || pool.starts.areHopeless())) {
                hopeless = pool.queue.takeLargerThan(pool.shelf.largestHeapMiB());
            }
            if (pool.queue.isEmpty() || !hopeless.isEmpty()) {
                pool.starts.forgetFailures(); // nobody waits for it: whoever comes next may hope again
                pool.dispatch();
            }
            pool.changed.signalAll();
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

    @Override
    public void onPauseEnded() {
        pool.lock.lock();
        try {
            pool.starts.endPause();
            pool.dispatch();
        } finally {
            pool.lock.unlock();
        }
    }
}
