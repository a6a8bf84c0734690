package dev.loomscope.process;

import java.time.Duration;

/** Decides what becomes of a new worker. */
final class StartOutcomes implements WorkerStarts.Owner {

    private final PoolState pool;
    private final TaskOutcomes fromWorkers;
    private final StartFailures failures;

    StartOutcomes(PoolState pool) {
        this.pool = pool;
        this.fromWorkers = new TaskOutcomes(pool);
        this.failures = new StartFailures(pool);
    }

    @Override
    public void onReady(WorkerLaunch launch, Worker worker) {
        pool.review.look();
        int version = pool.code.state().version();
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
        pool.review.lookAgain(version);
        if (tooLate) {
            pool.retire(worker, PoolState.CLOSED);
            launch.end().completeExceptionally(pool.closedException());
        } else {
            launch.end().complete(null);
        }
    }

    // Whether the pool still needs it.
    private boolean admit(WorkerLaunch launch, Worker worker) {
        pool.lock.lock();
        try {
            worker.start(fromWorkers); // what it says has to wait for the lock
            pool.starts.succeeded(launch);
            pool.shelf.add(worker);
            if (pool.queue.isEmpty()) {
                pool.starts.forgetFailures(); // a spare one: no task will show soon what it is worth
            }
            pool.wear.begin(worker);
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

    @Override
    public void onStartFailed(WorkerLaunch launch, WorkerStartException reason) {
        failures.note(starts -> starts.failed(launch), reason);
        launch.end().completeExceptionally(reason);
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
