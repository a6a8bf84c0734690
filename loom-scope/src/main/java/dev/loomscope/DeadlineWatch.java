package dev.loomscope;

import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** The deadline of one scope, which can be moved until it has passed. Thread-safe. */
final class DeadlineWatch {

    private final ScopeClock clock;
    private final Runnable onExpiry;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Deadline deadline; // guarded by lock
    private @Nullable Future<?> timer; // guarded by lock
    private boolean over; // guarded by lock; never goes back to false: expired, or the scope is closed

    DeadlineWatch(ScopeClock clock, Runnable onExpiry) {
        this.clock = clock;
        this.onExpiry = onExpiry;
    }

    @Nullable
    Deadline deadline() {
        lock.lock();
        try {
            return deadline;
        } finally {
            lock.unlock();
        }
    }

    /** Sets or moves it. One that has passed already is not moved any more, and one in the past expires at once. */
    void set(Deadline newDeadline) {
        boolean expired;
        lock.lock();
        try {
            if (over) {
                return;
            }
            cancelTimer();
            deadline = newDeadline;
            long left = newDeadline.nanosAfter(clock.nanoTime());
            expired = left <= 0;
            if (expired) {
                over = true;
            } else {
                timer = clock.schedule(left, () -> expire(newDeadline));
            }
        } finally {
            lock.unlock();
        }
        if (expired) {
            onExpiry.run();
        }
    }

    private void expire(Deadline due) {
        lock.lock();
        try {
            if (over || deadline != due) {
                return; // moved in the last moment
            }
            over = true;
        } finally {
            lock.unlock();
        }
        onExpiry.run();
    }

    /** The scope is closed. */
    void stop() {
        lock.lock();
        try {
            over = true;
            cancelTimer();
        } finally {
            lock.unlock();
        }
    }

    private void cancelTimer() {
        Future<?> running = timer;
        if (running != null) {
            running.cancel(false);
        }
        timer = null;
    }
}
