package dev.loomscope.process;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Retires workers that nobody has needed for a while. Scheduled only while there are idle ones. */
final class IdleCheck {

    private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Duration timeout;
    private final ReentrantLock lock; // the pool's
    private final WorkerShelf shelf; // guarded by lock
    private final BiConsumer<Worker, String> retire;
    private @Nullable Future<?> next; // guarded by lock; null if no check is scheduled

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
        if (next == null) {
            next = PoolTimer.schedule(timeout, this::run);
        }
    }

    /** The pool is closed and empty: the timer must not hold it any longer. Guarded by lock. */
    void stop() {
        if (next != null) {
            next.cancel(false);
        }
    }

    private void run() {
        List<Worker> expired;
        lock.lock();
        try {
            long limit = PoolTimer.nanos(timeout);
            expired = shelf.retireIdle(limit);
            next = null;
            if (shelf.idle() > 0) {
                long pause = Math.max(limit - shelf.longestIdle(), MIN_PAUSE_NANOS);
                next = PoolTimer.schedule(Duration.ofNanos(pause), this::run);
            }
        } finally {
            lock.unlock();
        }
        String reason = "it was idle for %s ms".formatted(timeout.toMillis());
        expired.forEach(worker -> retire.accept(worker, reason));
    }
}
