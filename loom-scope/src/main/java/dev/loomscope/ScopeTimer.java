package dev.loomscope;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The clock of all deadlines: one daemon thread of its own, so that no busy executor delays it. What is due runs on a platform thread
 * each, so that one scope with many subtasks does not delay another.
 */
final class ScopeTimer implements ScopeClock {

    private static final ScheduledThreadPoolExecutor executor = create();

    @Override
    public long nanoTime() {
        return System.nanoTime();
    }

    @Override
    public Future<?> schedule(long nanos, Runnable action) {
        return executor.schedule(() -> start(action), nanos, TimeUnit.NANOSECONDS);
    }

    private static void start(Runnable action) {
        try {
            LastingThreads.builder().name("loom-scope-deadline").start(action);
        } catch (OutOfMemoryError e) { // no further thread: a deadline that delays others is better than none
            action.run();
        }
    }

    private static ScheduledThreadPoolExecutor create() {
        ScheduledThreadPoolExecutor created = new ScheduledThreadPoolExecutor(
                1, LastingThreads.builder().name("loom-scope-timer").factory());
        created.setRemoveOnCancelPolicy(true);
        return created;
    }
}
