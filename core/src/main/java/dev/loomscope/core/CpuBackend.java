package dev.loomscope.core;

import org.jspecify.annotations.Nullable;

/**
 * Runs CPU tasks outside this JVM: the seam that the process pool implements, and through which the CPU kind can run
 * elsewhere.
 *
 * <p>Implementations are thread-safe.
 */
public interface CpuBackend {

    /**
     * Takes in a task, completely, so that changes to its arguments made afterwards have no effect. Starts nothing and
     * never blocks.
     *
     * @throws TaskNotSerializableException if the task, or something that it captured, cannot be sent
     * @throws IllegalStateException if this backend is closed
     * @throws java.util.concurrent.RejectedExecutionException if it has no room for more
     */
    <T extends @Nullable Object> CpuExecution<T> prepare(CpuRequest<T> request);

    /**
     * As {@link #prepare}, but waits until there is room. Called where many tasks come from one source, which can be held up.
     *
     * @throws TaskNotSerializableException if the task, or something that it captured, cannot be sent
     * @throws IllegalStateException if this backend is closed
     */
    default <T extends @Nullable Object> CpuExecution<T> prepareWhenRoom(CpuRequest<T> request)
            throws InterruptedException {
        return prepare(request);
    }

    /**
     * Returns a backend for tasks that are forked now and prepared later, as the continuation of a subtask is when that has ended: what
     * it takes of this JVM's settings is what they are now. It belongs to this one, and need not be closed.
     *
     * @return this one, if its tasks depend on no settings
     */
    default CpuBackend asOfNow() {
        return this;
    }
}
