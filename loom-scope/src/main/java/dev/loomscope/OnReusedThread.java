package dev.loomscope;

import dev.loomscope.core.TaskContext;
import java.util.concurrent.Callable;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs subtasks on platform threads that outlive them and are shared with other scopes: {@link ScopeConfig#withReusedThreads}. The
 * JDK's scope does not know these threads, so {@link #close} does here what the JDK would do: it waits until no subtask of the scope is on
 * such a thread.
 *
 * <p>A reused thread inherits nothing but the context class loader, which comes from the thread that forked the subtask.
 */
final class OnReusedThread implements Runner {

    private static final int SECONDS_IDLE = 10;
    private static final ThreadPoolExecutor executor = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE, // the permits of the scopes bound them
            SECONDS_IDLE,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            LastingThreads.detached(
                    LastingThreads.builder().name("loom-scope-blocking-", 0).factory()));

    private final Pending running = new Pending();

    @Override
    public <T extends @Nullable Object> Callable<? extends T> around(Callable<? extends T> code) {
        ClassLoader classes = Thread.currentThread().getContextClassLoader();
        return () -> {
            Thread.currentThread().setContextClassLoader(classes); // until run takes it away
            return code.call();
        };
    }

    @Override
    public void hold(ScopedSubtask<?> subtask) {} // around has what it needs

    @Override
    public void start(ScopedSubtask<?> subtask) {
        running.add(false, false);
        try {
            executor.execute(() -> run(subtask));
        } catch (Throwable e) { // no thread is idle, and none can be started
            running.remove(false);
            throw e;
        }
    }

    @Override
    public void startGranted(ScopedSubtask<?> subtask, @Nullable Thread before) {
        start(subtask);
    }

    @Override
    public boolean endsThread() {
        return false;
    }

    private void run(ScopedSubtask<?> subtask) {
        Thread thread = Thread.currentThread();
        String name = thread.getName();
        try {
            thread.setName(subtask.name());
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

    /** Waits until no subtask of this scope is on such a thread. Owner thread only, after the last has ended. */
    void close() {
        running.awaitUninterruptibly();
    }
}
