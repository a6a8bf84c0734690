package dev.loomscope.core;

import org.jspecify.annotations.Nullable;

/**
 * One CPU task that a {@link CpuBackend} has taken in. Whoever does not {@link #run} it cancels it: until then it takes up room.
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
     * Stops the task, gently at first and by force if it does not listen. Any thread, any time, idempotent; returns at
     * once.
     *
     * @param reason for logs and messages
     */
    void cancel(String reason);
}
