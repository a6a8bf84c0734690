package dev.loomscope.process;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;

/** Retires workers that nobody has needed for a while. Scheduled only while there are idle ones. */
final class IdleCheck {

    private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Duration timeout;
    private final ReentrantLock lock; // the pool's
    private final WorkerShelf shelf; // guarded by lock
    private final BiConsumer<Worker, String> retire;
    private boolean scheduled; // guarded by lock

    /**
     * Makes the check of one pool.
     *
     * @param retire called without the lock, with a worker that nobody can get any more and the reason
     */
    IdleCheck(Duration timeout, ReentrantLock lock, WorkerShelf shelf, BiConsumer<Worker, String> retire) {
        this.timeout = timeout;
        this.lock = lock;
        this.shelf = shelf;
        this.retire = retire;
    }

    /** A worker has become idle. Guarded by lock. */
    void onIdle() {
        if (!scheduled) {
            scheduled = true;
            PoolTimer.schedule(timeout, this::run);
        }
    }

    private void run() {
        List<Worker> expired;
        lock.lock();
        try {
            long limit = PoolTimer.nanos(timeout);
            expired = shelf.retireIdle(limit);
            scheduled = shelf.idle() > 0;
            if (scheduled) {
                long next = Math.max(limit - shelf.longestIdle(), MIN_PAUSE_NANOS);
                PoolTimer.schedule(Duration.ofNanos(next), this::run);
            }
        } finally {
            lock.unlock();
        }
        String reason = "it was idle for %s ms".formatted(timeout.toMillis());
        expired.forEach(worker -> retire.accept(worker, reason));
    }
}
