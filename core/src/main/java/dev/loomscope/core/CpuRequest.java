package dev.loomscope.core;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A CPU task on its way to a {@link CpuBackend}.
 *
 * @param task the user's code
 * @param name what messages and logs call it
 * @param observer told once when the task starts
 * @param context what travels with the task
 * @param remaining the time that is left for the task, null for no limit; asked when the task leaves this process, as it may have
 *     waited by then, on a thread of the backend: must not block
 * @param heapMiB the heap that the task needs at least, in MiB; 0 for what the backend gives every task
 * @param group whose task it is, usually its scope: where tasks wait for each other, groups take turns, so that none with many tasks
 *     keeps out the others; only its identity counts; null for the group of all that name none
 */
public record CpuRequest<T extends @Nullable Object>(
        Callable<? extends T> task,
        String name,
        Observer observer,
        TaskContext context,
        Supplier<@Nullable Duration> remaining,
        int heapMiB,
        @Nullable Object group) {

    /**
     * Guards against null.
     *
     * @throws IllegalArgumentException if {@code heapMiB} is negative
     */
    public CpuRequest {
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(observer, "observer");
        Objects.requireNonNull(context, "context");
        Objects.requireNonNull(remaining, "remaining");
        if (heapMiB < 0) {
            throw new IllegalArgumentException("CPU task '%s' cannot have a heap of %s MiB".formatted(name, heapMiB));
        }
    }

    /** A task that makes do with the heap that every task has, and names no group. */
    public CpuRequest(
            Callable<? extends T> task,
            String name,
            Observer observer,
            TaskContext context,
            Supplier<@Nullable Duration> remaining) {
        this(task, name, observer, context, remaining, 0, null);
    }

    /** A task without context, limit of time and group. */
    public CpuRequest(Callable<? extends T> task, String name, Observer observer) {
        this(task, name, observer, TaskContext.EMPTY, () -> null);
    }

    /** Hears that a task starts, and how far it is. */
    @FunctionalInterface
    public interface Observer {

        /**
         * The task has begun; one that is over at once may have ended by now. Called on the thread that waits in
         * {@link CpuExecution#run}, or on one of the backend, before the completion of {@link CpuExecution#start}.
         *
         * @param runner what runs it, for people: {@code "w3 (pid 4711)"}
         */
        void onStarted(String runner);

        /**
         * The task says how far it is. Called as {@link #onStarted} is, after it; what the task says while this has not returned is
         * dropped, except for the latest.
         *
         * @param fraction from 0 to 1, NaN for not known
         * @param message what it says, for people
         */
        default void onProgress(double fraction, String message) {}

        /**
         * Whether these methods, or the completion given to {@link CpuExecution#start}, may block or run code of users. If so, the
         * backend calls them on threads that no other task waits for; if not, it may call them wherever that is fastest.
         *
         * @return true unless overridden; the answer must not change
         */
        default boolean mayBlock() {
            return true;
        }
    }
}
