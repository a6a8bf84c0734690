package dev.loomscope;

import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a scope has what it wants, and what {@link MixedScope#join join} returns or throws.
 *
 * <p>The words are those of the JDK's {@code StructuredTaskScope} (27). Unlike there, {@code join} always waits for all
 * subtasks, so {@link #onComplete} hears of every one. Write your own for other policies; an instance serves one scope.
 *
 * <p>Of {@linkplain Forker#asDaemons daemons} and {@linkplain MixedScope#start started} tasks a joiner hears only that
 * they have failed.
 *
 * @param <T> the supertype of the subtasks' results
 * @param <R> the type of the joined result
 */
public interface Joiner<T extends @Nullable Object, R extends @Nullable Object> {

    /**
     * A subtask is being forked. Called by the forking thread before it starts; several threads at once may fork. What it
     * throws is thrown by {@code fork}, which then forks nothing.
     *
     * @return true to cancel the scope
     */
    default boolean onFork(Subtask<? extends T> subtask) {
        return false;
    }

    /**
     * A subtask has ended; its state is final. Called once for each, also after the scope was cancelled, by several threads
     * at once. What it throws is a failure of the subtask's scope, cancels it, and is what {@code join} throws.
     *
     * @return true to cancel the scope
     */
    default boolean onComplete(Subtask<? extends T> subtask) {
        return false;
    }

    /**
     * Returns what {@code join} returns. Called by the owner in {@code join}, after every subtask has ended.
     *
     * @throws Throwable to make {@code join} throw a {@link ScopeFailedException} with this cause
     */
    R result() throws Throwable;

    /**
     * Waits for all to succeed; the first failure cancels the others and makes {@code join} throw, and so does a cancel
     * of the scope. The default. Subtasks that were cancelled one by one do not count.
     */
    static <T extends @Nullable Object> Joiner<T, @Nullable Void> awaitAllSuccessfulOrThrow() {
        return new AwaitAllSuccessful<>();
    }

    /**
     * As {@link #awaitAllSuccessfulOrThrow}, and {@code join} returns the results in the order of the forks,
     * unmodifiable. Subtasks that were cancelled one by one are left out.
     */
    static <T extends @Nullable Object> Joiner<T, List<T>> allSuccessfulOrThrow() {
        return new AllSuccessful<>();
    }

    /**
     * The race: the first success cancels the others and is what {@code join} returns. If none succeeds {@code join}
     * throws, the cause is the first failure, a {@link java.util.concurrent.CancellationException} if the scope was
     * cancelled before one, or a {@link java.util.NoSuchElementException} where there was nothing to fail.
     */
    static <T extends @Nullable Object> Joiner<T, T> anySuccessfulOrThrow() {
        return new AnySuccessful<>();
    }

    /**
     * The supervisor: waits for all, a failure cancels nothing and {@code join} throws nothing (but {@link
     * DeadlineExceededException} at the deadline). Look at each handle.
     */
    static <T extends @Nullable Object> Joiner<T, @Nullable Void> awaitAll() {
        return new AwaitAll<>();
    }

    /**
     * Waits for all, cancels those that still run as soon as {@code done} answers true for one that has ended, and {@code
     * join} returns all handles in the order of the forks. Failures do not make it throw.
     *
     * @param done called by several threads at once; what it throws is a failure
     */
    static <T extends @Nullable Object> Joiner<T, List<Subtask<T>>> allUntil(Predicate<? super Subtask<T>> done) {
        return new AllUntil<>(done);
    }
}
