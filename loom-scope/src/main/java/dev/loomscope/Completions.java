package dev.loomscope;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The subtasks of a scope in the order in which they end, each once; see {@link MixedScope#completions}. Daemons are left out.
 *
 * <p>Whoever stops asking cancels nothing by that. Several threads may ask; each subtask goes to one of them.
 *
 * @param <T> the supertype of their results
 */
public sealed interface Completions<T extends @Nullable Object> permits CompletionQueue {

    /** What is done with each. */
    @FunctionalInterface
    interface Action<T extends @Nullable Object, X extends Exception> {

        /**
         * Takes a subtask that has ended: look at its state.
         *
         * @throws X to end the loop
         * @throws InterruptedException if it was interrupted; ends the loop too
         * @throws ScopeFailedException if an {@code await} in it does; ends the loop too
         */
        void accept(Subtask<T> subtask) throws X, InterruptedException, ScopeFailedException;
    }

    /**
     * Waits for the next subtask to end; empty if all have ended and were given out.
     *
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below the scope
     * @throws LimiterDeadlockException if the subtasks wait for permits that would never come, because the caller holds one
     * @throws InterruptedException if the caller was interrupted; the subtasks go on
     * @throws ScopeFailedException if the scope was cancelled, by the failure of a subtask say, also if some have ended
     *     that were not given out; {@code join} tells all
     */
    Optional<Subtask<T>> next() throws InterruptedException, ScopeFailedException;

    /**
     * Hands each to {@code action}, on the calling thread, until all have ended.
     *
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below the scope
     * @throws InterruptedException if the caller was interrupted; the subtasks go on
     * @throws ScopeFailedException if the scope was cancelled, by the failure of a subtask say; {@code join} tells all
     * @throws X what the action throws
     */
    default <X extends Exception> void forEach(Action<T, X> action)
            throws X, InterruptedException, ScopeFailedException {
        for (Optional<Subtask<T>> next = next(); next.isPresent(); next = next()) {
            action.accept(next.get());
        }
    }
}
