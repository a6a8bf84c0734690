package dev.loomscope;

import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The clock of all deadlines: one daemon thread of its own, so that no busy executor delays it. What is due runs on a platform thread
 * each, so that one scope with many subtasks does not delay another. The thread ends soon after the last deadline, so that an idle
 * library keeps no thread.
 */
final class ScopeTimer implements ScopeClock {

    private static final long SECONDS_IDLE = 1;
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
            LastingThreads.factory("loom-scope-deadline").newThread(action).start();
        } catch (OutOfMemoryError e) { // no further thread: a deadline that delays others is better than none
            action.run();
        }
    }

    private static ScheduledThreadPoolExecutor create() {
        ScheduledThreadPoolExecutor created =
                new ScheduledThreadPoolExecutor(1, LastingThreads.factory("loom-scope-timer"));
        created.setRemoveOnCancelPolicy(true);
        created.setKeepAliveTime(SECONDS_IDLE, TimeUnit.SECONDS);
        created.allowCoreThreadTimeOut(true);
        return created;
    }
}
