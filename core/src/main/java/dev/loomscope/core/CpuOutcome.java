package dev.loomscope.core;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;

/**
 * How a CPU task has ended.
 *
 * @param <T> the type of the result
 */
public sealed interface CpuOutcome<T extends @Nullable Object> {

    /**
     * The task returned.
     *
     * @param value the result; null if the task returned null
     */
    record Succeeded<T extends @Nullable Object>(T value) implements CpuOutcome<T> {}

    /**
     * The task threw, or could not be run.
     *
     * @param thrown what the task threw, or what kept it from running
     */
    record Failed<T extends @Nullable Object>(Throwable thrown) implements CpuOutcome<T> {

        /** Guards against null. */
        public Failed {
            Objects.requireNonNull(thrown, "thrown");
        }
    }

    /**
     * The task was cancelled, by {@link CpuExecution#cancel} or because its backend was closed.
     *
     * @param thrown says by whom and why
     */
    record Cancelled<T extends @Nullable Object>(CancellationException thrown) implements CpuOutcome<T> {

        /** Guards against null. */
        public Cancelled {
            Objects.requireNonNull(thrown, "thrown");
        }
    }
}
