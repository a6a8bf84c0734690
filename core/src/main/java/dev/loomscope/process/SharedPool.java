package dev.loomscope.process;

import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The pool that all callers share: it is opened at its first use, can be configured before that, and can be closed and opened again.
 */
final class SharedPool {

    private static final String OURS = "dev.loomscope.";

    private final Supplier<ProcessPoolConfig> defaults;
    private final Function<ProcessPoolConfig, ProcessPool> opener;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile @Nullable ProcessPool pool; // written under lock; null before the first use and after a close
    private @Nullable ProcessPoolConfig config; // guarded by lock; null unless configured
    private String place = ""; // guarded by lock; where the pool was first used, or else configured

    /**
     * Makes one that is not open yet.
     *
     * @param defaults the configuration unless there is another
     * @param opener opens it
     */
    SharedPool(Supplier<ProcessPoolConfig> defaults, Function<ProcessPoolConfig, ProcessPool> opener) {
        this.defaults = defaults;
        this.opener = opener;
    }

    /** Returns the pool; opens it if it is not open. While it is being closed, it is the closed one. */
    ProcessPool get() {
        ProcessPool open = pool;
        return open != null ? open : open();
    }

    private ProcessPool open() {
        lock.lock();
        try {
            ProcessPool open = pool;
            if (open == null) {
                open = opener.apply(config != null ? config : defaults.get());
                place = caller();
                pool = open;
            }
            return open;
        } finally {
            lock.unlock();
        }
    }

    /** Sets the configuration for the next opening. Calls {@code configure}, which is code of users, without the lock. */
    void configure(UnaryOperator<ProcessPoolConfig> configure) {
        ProcessPoolConfig wanted = Objects.requireNonNull(
                configure.apply(defaults.get()), "the configuration of the shared process pool must not be null");
        lock.lock();
        try {
            if (pool != null) {
                throw new IllegalStateException(
                        ("The shared process pool cannot be configured: it has been in use since %s. Configure it before the first CPU"
                                        + " task, or after ProcessPool.closeShared().")
                                .formatted(place));
            }
            if (config != null) {
                throw new IllegalStateException(
                        ("The shared process pool cannot be configured twice: it was configured at %s. Keep one of the two calls, or"
                                        + " open a pool for one of the two users with ProcessPool.open(...).")
                                .formatted(place));
            }
            config = wanted;
            place = caller();
        } finally {
            lock.unlock();
        }
    }

    /** Closes the pool, waits until it is closed, and forgets its configuration. */
    void close() {
        ProcessPool open;
        lock.lock();
        try {
            open = pool;
            if (open == null) {
                forget();
            }
        } finally {
            lock.unlock();
        }
        if (open == null) {
            return;
        }
        try {
            open.end(); // without the lock: it waits
        } finally {
            forget(open);
        }
    }

    private void forget(ProcessPool closed) {
        lock.lock();
        try {
            if (pool == closed) {
                forget();
            }
        } finally {
            lock.unlock();
        }
    }

    // Guarded by lock.
    private void forget() {
        pool = null;
        config = null;
        place = "";
    }

    // As text: an exception or a frame would hold the classes of the caller.
    private static String caller() {
        return StackWalker.getInstance()
                .walk(frames -> frames.filter(frame -> !frame.getClassName().startsWith(OURS)
                                && !frame.getClassName().startsWith("java."))
                        .findFirst()
                        .map(frame -> frame.toStackTraceElement().toString())
                        .orElse("code of loom-scope"));
    }
}
