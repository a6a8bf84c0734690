package dev.loomscope.core;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * A CPU task on its way to a {@link CpuBackend}.
 *
 * @param task the user's code
 * @param name what messages and logs call it
 * @param observer told once when the task starts
 */
public record CpuRequest<T extends @Nullable Object>(Callable<? extends T> task, String name, Observer observer) {

    /** Guards against null. */
    public CpuRequest {
        Objects.requireNonNull(task, "task");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(observer, "observer");
    }

    /** Hears that a task starts. */
    @FunctionalInterface
    public interface Observer {

        /**
         * The task is about to run. Called on the thread that waits in {@link CpuExecution#run}, or on one of the
         * backend: must not block.
         *
         * @param runner what runs it, for people: {@code "w3 (pid 4711)"}
         */
        void onStarted(String runner);
    }
}
