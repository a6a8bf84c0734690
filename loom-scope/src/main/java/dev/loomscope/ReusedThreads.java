package dev.loomscope;

import dev.loomscope.core.TaskContext;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The platform threads of one scope that outlive its subtasks and are shared with other scopes: {@link
 * ScopeConfig#withReusedThreads}. The JDK's scope knows nothing of them, so that what it would do for its own is done here: nobody
 * leaves the scope while one of its subtasks is still on such a thread. Any thread, but for {@link #close}.
 */
final class ReusedThreads {

    private static final int SECONDS_IDLE = 10;
    private static final ThreadPoolExecutor executor = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE, // the permits of the scopes bound them
            SECONDS_IDLE,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            LastingThreads.detached(
                    LastingThreads.builder().name("loom-scope-blocking-", 0).factory()));

    private final @Nullable ClassLoader classes = Thread.currentThread().getContextClassLoader();
    private final Pending running = new Pending();

    /** For the calling thread, the owner of a scope, whose context class loader its subtasks get. */
    ReusedThreads() {}

    /**
     * Runs a subtask that has its permit.
     *
     * @throws OutOfMemoryError if there is no idle thread and none can be started
     */
    void start(ScopedSubtask<?> subtask) {
        running.add(false, false);
        try {
            executor.execute(() -> run(subtask));
        } catch (Throwable e) {
            running.remove(false);
            throw e;
        }
    }

    private void run(ScopedSubtask<?> subtask) {
        Thread thread = Thread.currentThread();
        String name = thread.getName();
        try {
            thread.setName(subtask.name());
            thread.setContextClassLoader(classes);
            thread.setUncaughtExceptionHandler(subtask); // by which it is found as what this thread runs
            subtask.run();
        } finally {
            try {
                thread.setUncaughtExceptionHandler(null);
                thread.setName(name);
                thread.setContextClassLoader(null);
                thread.setPriority(Thread.NORM_PRIORITY);
                Thread.interrupted(); // by whoever else has interrupted the task
                TaskContext.clear(); // code of the log, which may throw
            } finally {
                running.remove(false); // in any case: the close hangs on it
            }
        }
    }

    /** Waits until no subtask is on such a thread. Owner thread only, after the last has ended. */
    void close() {
        running.awaitUninterruptibly();
    }
}
