package dev.loomscope.process;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

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
        pool.events.started(worker, Duration.ofNanos(System.nanoTime() - launch.begun()));
        String tooLate; // why it is not needed any more; null if it is
        try {
            tooLate = admit(launch, worker);
        } catch (OutOfMemoryError e) {
            worker.discard();
            pool.events.retired(worker, "its threads could not be started");
            onStartFailed(launch, launch.failure(e));
            return;
        }
        if (tooLate != null) {
            pool.retire(worker, tooLate);
            launch.end()
                    .completeExceptionally(new IllegalStateException("worker %s of pool '%s' is not needed any more: %s"
                            .formatted(worker, pool.config.name(), tooLate)));
        } else {
            launch.end().complete(null);
        }
    }

    // Why the pool does not need it any more; null if it does.
    private @Nullable String admit(WorkerLaunch launch, Worker worker) {
        pool.lock.lock();
        try {
            worker.start(fromWorkers); // what it says has to wait for the lock
            pool.starts.succeeded(launch);
            pool.shelf.add(worker);
            if (pool.queue.isEmpty()) {
                pool.starts.forgetFailures(); // a spare one: no task will show soon what it is worth
            }
            pool.wear.begin(worker);
            String tooLate = pool.endReason();
            if (tooLate != null) {
                worker.state = Worker.State.RETIRED;
            } else {
                pool.add(worker);
            }
            return tooLate;
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
