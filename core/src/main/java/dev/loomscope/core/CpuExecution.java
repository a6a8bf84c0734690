package dev.loomscope.core;

import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One CPU task that a {@link CpuBackend} has taken in. It takes up room in the backend until it has ended: {@link #start} or {@link #run}
 * it, or {@link #cancel} it.
 */
public interface CpuExecution<T extends @Nullable Object> {

    /**
     * Runs the task and waits until it has ended and whatever ran it is free again or dead. Called at most once.
     *
     * <p>Not interruptible: {@link #cancel} is the way to end the wait, and a backend guarantees that it does.
     *
     * @return the result of the task
     * @throws java.util.concurrent.CancellationException if it was cancelled
     * @throws Throwable what the task threw, or what kept it from running
     */
    T run() throws Throwable;

    /**
     * Starts the task and returns at once; {@code completion} gets the outcome when the task has ended and whatever ran it is free again
     * or dead. Called at most once, and not together with {@link #run}.
     *
     * <p>If the {@linkplain CpuRequest.Observer#mayBlock observer} of the task may block, the completion may, too: it then runs on a
     * thread that no other task waits for. Otherwise it may run on any thread of the backend, or on the thread that calls {@code start}
     * or {@link #cancel}.
     *
     * <p>This default runs {@link #run} on a platform thread of its own, which has the context class loader of the calling thread. There
     * are as many such threads as tasks in flight: bound them by a limiter for the CPU kind. A backend that needs no thread for a task
     * that waits overrides this method.
     *
     * @param completion called exactly once, unless this method throws
     * @throws RuntimeException if the task cannot be started; the completion is not called then
     */
    default void start(Consumer<? super CpuOutcome<T>> completion) {
        Thread thread = Thread.ofPlatform()
                .daemon()
                .inheritInheritableThreadLocals(false)
                .name("loom-scope-cpu-task")
                .unstarted(() -> completion.accept(outcome()));
        thread.setContextClassLoader(Thread.currentThread().getContextClassLoader());
        thread.start();
    }

    private CpuOutcome<T> outcome() {
        try {
            return new CpuOutcome.Succeeded<>(run());
        } catch (CancellationException e) {
            return new CpuOutcome.Cancelled<>(e);
        } catch (Throwable e) {
            return new CpuOutcome.Failed<>(e);
        }
    }

    /**
     * Stops the task, gently at first and by force if it does not listen. Any thread, any time, idempotent; returns at
     * once.
     *
     * @param reason for logs and messages
     */
    void cancel(String reason);
}
