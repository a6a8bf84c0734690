package dev.loomscope;

import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The handle of a task that was forked in a {@link MixedScope}.
 *
 * <p>All methods may be called from any thread unless they say otherwise, also after the scope was closed.
 *
 * @param <T> the type of the result
 */
public sealed interface Subtask<T extends @Nullable Object> extends Supplier<T> permits ScopedSubtask {

    /** How far a subtask is. It leaves {@link #UNAVAILABLE} once, for one of the others. */
    enum State {
        /** It waits or runs. */
        UNAVAILABLE,
        /** It has a result. */
        SUCCESS,
        /** It threw. */
        FAILED,
        /** It was cancelled before it started, or ended because it was cancelled. */
        CANCELLED
    }

    /** How far it is. */
    State state();

    /**
     * Returns the result; null if the task has none.
     *
     * @throws IllegalStateException if the caller is the owner and has neither joined the scope since the fork nor awaited
     *     this subtask, or if the state is not {@link State#SUCCESS}
     */
    @Override
    T get();

    /**
     * Returns what the task threw. The object is the task's own; it was not changed.
     *
     * @throws IllegalStateException if the caller is the owner and has neither joined the scope since the fork nor awaited
     *     this subtask, or if the state is not {@link State#FAILED}
     */
    Throwable exception();

    /**
     * Waits for this subtask alone and returns its result; null if the task has none.
     *
     * <p>Whoever cancels the scope, be it by the failure of another subtask, ends this wait too.
     *
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below the scope
     * @throws IllegalStateException if the calling thread runs this very subtask
     * @throws LimiterDeadlockException if the subtask waits for a permit that would never come, because the caller holds one
     * @throws InterruptedException if the caller was interrupted; the subtask goes on
     * @throws ScopeFailedException if the subtask failed (the cause is its exception), or it, the scope or a scope that
     *     the caller has opened inside was cancelled (the cause is the first failure of that scope, or a {@link
     *     java.util.concurrent.CancellationException})
     */
    T await() throws InterruptedException, ScopeFailedException;

    /**
     * Cancels this subtask alone; the others go on. Returns at once: a running task is interrupted, one in a worker process
     * has a grace period before the process is killed. Has no effect on a subtask that has ended or was cancelled before.
     */
    void cancel();

    /**
     * Forks a continuation in the same scope: once this subtask has succeeded, {@code function} is applied to its result,
     * where {@code function}'s own kind says. If this one does not succeed the continuation is cancelled. If it is of
     * kind CPU and cannot be sent to a worker, it fails.
     *
     * @throws NullPointerException if {@code function} is null
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below the scope
     * @throws IllegalStateException if the scope is closed
     * @throws dev.loomscope.core.AmbiguousTaskKindException if the function is of two kinds at once
     */
    <U extends @Nullable Object> Subtask<U> then(TaskFunction<? super T, ? extends U> function);

    /** The name given to {@code fork}, or one made from the kind and a number. */
    String name();

    /** Where it runs. */
    TaskKind kind();

    /** Why it was cancelled; empty unless it was, even if it then ended in another state. */
    Optional<CancelReason> cancelReason();

    /** When it was forked. */
    Instant queuedAt();

    /**
     * When its code started, in whichever thread or worker; empty if it has not. A worker says so of tasks that run for a millisecond;
     * a shorter one counts as started when its end is known.
     */
    Optional<Instant> startedAt();

    /** When it ended; empty if it has not. */
    Optional<Instant> endedAt();
}
