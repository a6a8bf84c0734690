package dev.loomscope.process;

import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Holds what this JVM needs while a worker process lives or is being started: a shutdown hook, and the thread of the {@link
 * PoolTimer}. Without a worker there is neither, so that a class loader that has gone out of use can be collected.
 */
final class ProcessGuard {

    private final Runnable atShutdown;
    private final ReentrantLock lock = new ReentrantLock();
    private int processes; // guarded by lock
    private @Nullable Thread hook; // guarded by lock; while processes > 0
    private @Nullable Future<?> timer; // guarded by lock; while processes > 0

    /**
     * Makes a guard of no process.
     *
     * @param atShutdown runs once, if this JVM shuts down while there is a process
     */
    ProcessGuard(Runnable atShutdown) {
        this.atShutdown = atShutdown;
    }

    /**
     * A process is about to start.
     *
     * @return whether it may: false if this JVM is shutting down, so that no hook would end the process
     * @throws OutOfMemoryError if there is no thread for the timer
     */
    boolean enter() {
        lock.lock();
        try {
            if (processes == 0 && !install()) {
                return false;
            }
            processes++;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** A process has ended, or was not started after all; once for each {@link #enter} that returned true. */
    void leave() {
        lock.lock();
        try {
            processes--;
            if (processes == 0) {
                uninstall();
            }
        } finally {
            lock.unlock();
        }
    }

    // Guarded by lock.
    private boolean install() {
        timer = PoolTimer.hold();
        // A new thread each time: one that is kept would hold what was on the stack when it was made.
        Thread made = PoolThreads.factory("loom-scope-shutdown").newThread(atShutdown);
        try {
            Runtime.getRuntime().addShutdownHook(made);
            hook = made;
            return true;
        } catch (IllegalStateException e) {
            uninstall(); // this JVM is shutting down
            return false;
        }
    }

    // Guarded by lock.
    private void uninstall() {
        Thread installed = hook;
        Future<?> held = timer;
        hook = null;
        timer = null;
        if (held != null) {
            held.cancel(false);
        }
        try {
            if (installed != null) {
                Runtime.getRuntime().removeShutdownHook(installed);
            }
        } catch (IllegalStateException e) {
            // this JVM is shutting down, and the hook runs
        }
    }
}
