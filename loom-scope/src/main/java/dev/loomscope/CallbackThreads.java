package dev.loomscope;

import dev.loomscope.core.TaskContext;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that run code of users beside the subtasks: cancel hooks, and continuations of CPU subtasks. Such code may block for
 * ever. It then holds its own thread and nothing else: an action never waits for another one.
 *
 * <p>Platform threads, since a hook must run when no carrier is free. Beyond {@link #MOST_PLATFORM_THREADS} at the same time, actions
 * run on virtual threads.
 */
final class CallbackThreads {

    private static final int MOST_PLATFORM_THREADS = 256;
    private static final int SECONDS_IDLE = 1;
    private static final ThreadPoolExecutor executor = new ThreadPoolExecutor(
            0,
            MOST_PLATFORM_THREADS,
            SECONDS_IDLE,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            LastingThreads.detached(
                    LastingThreads.builder().name("loom-scope-callback-", 0).factory()),
            (action, full) -> Thread.ofVirtual()
                    .name("loom-scope-callback")
                    .inheritInheritableThreadLocals(false)
                    .start(action));

    private CallbackThreads() {}

    // What one action leaves on its thread must not reach the next one, which may be of another scope.
    private static void runClean(Runnable action) {
        try {
            action.run();
        } finally {
            Thread thread = Thread.currentThread();
            thread.setContextClassLoader(null);
            thread.setUncaughtExceptionHandler(null);
            Thread.interrupted();
            ScopeTree.forget();
            TaskContext.clear(); // code of the log, which may throw
        }
    }

    /** Runs {@code action} soon, on a thread that it may block; on the calling thread if no other one can be started. */
    static void execute(Runnable action) {
        try {
            executor.execute(() -> runClean(action));
        } catch (OutOfMemoryError e) { // late is better than never
            action.run();
        }
    }
}
