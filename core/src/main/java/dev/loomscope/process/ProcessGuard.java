package dev.loomscope.process;

import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Holds what this JVM needs while a worker process lives or is being started: the {@link ShutdownHook}, and the thread of the {@link
 * PoolTimer}. Without a worker there is neither, so that a class loader that has gone out of use can be collected.
 */
final class ProcessGuard {

    private final ReentrantLock lock = new ReentrantLock();
    private int processes; // guarded by lock
    private @Nullable Future<?> timer; // guarded by lock; while processes > 0

    /**
     * A process is about to start.
     *
     * @throws OutOfMemoryError if there is no thread for the timer
     */
    void enter() {
        lock.lock();
        try {
            if (processes == 0) {
                timer = PoolTimer.hold();
                ShutdownHook.acquire();
            }
            processes++;
        } finally {
            lock.unlock();
        }
    }

    /** A process has ended, or was not started after all; once for each {@link #enter}. */
    void leave() {
        lock.lock();
        try {
            processes--;
            if (processes == 0) {
                ShutdownHook.release();
                letGoOfTimer();
            }
        } finally {
            lock.unlock();
        }
    }

    // Guarded by lock.
    private void letGoOfTimer() {
        Future<?> held = timer;
        timer = null;
        if (held != null) {
            held.cancel(false);
        }
    }
}
