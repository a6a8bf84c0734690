package dev.loomscope.process;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The clock of all pools: one daemon thread of its own, so that no busy executor delays a kill. What it runs is quick, and never
 * code of users.
 *
 * <p>The thread ends soon after the last scheduled action, so that an idle library keeps no thread. It stays while a worker process
 * lives, because a kill must not depend on whether the system has another thread.
 */
final class PoolTimer {

    private static final Logger log = LoggerFactory.getLogger(PoolTimer.class);
    private static final Duration IDLE = Duration.ofSeconds(1);
    private static final Duration ENSURED = Duration.ofSeconds(2);
    private static final Duration FOR_EVER = Duration.ofNanos(Long.MAX_VALUE / 2);
    private static final ScheduledThreadPoolExecutor executor = create();

    private static volatile long ensuredAt = System.nanoTime() - ENSURED.toNanos(); // any thread

    private PoolTimer() {}

    /**
     * Starts the thread if it does not run. For some seconds after this, {@link #schedule} does not fail because no thread can be
     * started.
     *
     * @throws OutOfMemoryError if the thread cannot be started
     */
    static void ensureRunning() {
        long now = System.nanoTime();
        if (now - ensuredAt > ENSURED.toNanos() / 2) {
            executor.schedule(PoolTimer::nothing, ENSURED.toNanos(), TimeUnit.NANOSECONDS);
            ensuredAt = now;
        }
    }

    /**
     * Keeps the thread alive until the returned future is cancelled.
     *
     * @throws OutOfMemoryError if the thread cannot be started
     */
    static ScheduledFuture<?> hold() {
        executor.prestartCoreThread(); // first: what fails here leaves nothing in the queue
        return executor.schedule(PoolTimer::nothing, FOR_EVER.toNanos(), TimeUnit.NANOSECONDS);
    }

    static ScheduledFuture<?> schedule(Duration delay, Runnable action) {
        return executor.schedule(() -> run(action), nanos(delay), TimeUnit.NANOSECONDS);
    }

    /** The duration in ns; as good as for ever, if it is longer than a {@code long} can say. */
    static long nanos(Duration duration) {
        return Math.min(TimeUnit.NANOSECONDS.convert(duration), Long.MAX_VALUE / 2);
    }

    private static void nothing() {}

    private static void run(Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            log.error(
                    "a process pool could not do what was due now, such as to kill or retire a worker; that is a fault of loom-scope: please report it with this stack",
                    e); // nobody asks the future
            throw e;
        }
    }

    private static ScheduledThreadPoolExecutor create() {
        ScheduledThreadPoolExecutor created =
                new ScheduledThreadPoolExecutor(1, PoolThreads.factory("loom-scope-pool-timer"));
        created.setRemoveOnCancelPolicy(true);
        created.setKeepAliveTime(IDLE.toNanos(), TimeUnit.NANOSECONDS);
        created.allowCoreThreadTimeOut(true);
        return created;
    }
}
