package dev.loomscope.process;

import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The clock of all pools: one daemon thread of its own, so that no busy executor delays a kill. What it runs is quick. */
final class PoolTimer {

    private static final ScheduledThreadPoolExecutor executor = create();

    private PoolTimer() {}

    static ScheduledFuture<?> schedule(Duration delay, Runnable action) {
        return executor.schedule(action, nanos(delay), TimeUnit.NANOSECONDS);
    }

    /** The duration in ns; as good as for ever, if it is longer than a {@code long} can say. */
    static long nanos(Duration duration) {
        return Math.min(TimeUnit.NANOSECONDS.convert(duration), Long.MAX_VALUE / 2);
    }

    private static ScheduledThreadPoolExecutor create() {
        ScheduledThreadPoolExecutor created = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name("loom-scope-pool-timer").factory());
        created.setRemoveOnCancelPolicy(true);
        return created;
    }
}
