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
 */
final class PoolTimer {

    private static final Logger log = LoggerFactory.getLogger(PoolTimer.class);
    private static final ScheduledThreadPoolExecutor executor = create();

    private PoolTimer() {}

    /**
     * Starts the thread, which then lives as long as this JVM: after this, {@link #schedule} does not fail for want of it.
     *
     * @throws OutOfMemoryError if it cannot be started
     */
    static void ensureRunning() {
        executor.prestartCoreThread();
    }

    static ScheduledFuture<?> schedule(Duration delay, Runnable action) {
        return executor.schedule(() -> run(action), nanos(delay), TimeUnit.NANOSECONDS);
    }

    /** The duration in ns; as good as for ever, if it is longer than a {@code long} can say. */
    static long nanos(Duration duration) {
        return Math.min(TimeUnit.NANOSECONDS.convert(duration), Long.MAX_VALUE / 2);
    }

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
        ScheduledThreadPoolExecutor created = new ScheduledThreadPoolExecutor(
                1, PoolThreads.builder().name("loom-scope-pool-timer").factory());
        created.setRemoveOnCancelPolicy(true);
        return created;
    }
}
