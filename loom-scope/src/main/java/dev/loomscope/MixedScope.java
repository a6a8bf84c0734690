package dev.loomscope;

import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A block in which tasks of three kinds run side by side, and which none of them outlives.
 *
 * <p>Fork tasks, {@link #join}, then look at their results:
 *
 * {@snippet :
 * try (var scope = MixedScope.open()) {
 *     Subtask<String> page = scope.fork(IO, () -> client.get(url)); // virtual thread
 *     Subtask<Image> scan = scope.fork(BLOCKING, () -> twain.scan()); // platform thread
 *     Subtask<Report> crunch = scope.fork(CPU, () -> Report.of(data)); // a child JVM: killable, crash-proof
 *     scope.join(); // all done, or all stopped
 *     return merge(page.get(), scan.get(), crunch.get());
 * }
 * }
 *
 * <p><b>Containment.</b> {@link #close} returns only when every subtask has ended: threads finished, workers idle again or
 * dead. That holds on every way out of the block.
 *
 * <p><b>Failure.</b> With the default {@link Joiner} the first failure cancels the others, and {@code join} throws a {@link
 * ScopeFailedException} that has them all. A failure wakes the owner in {@code join} and {@link Subtask#await}, but not in
 * blocking calls of others; {@link #call} also interrupts those.
 *
 * <p><b>Threads.</b> The thread that opened the scope owns it: only the owner may join and close. The owner, and every
 * thread that runs a subtask of this scope or of a scope below, may fork. Any thread may cancel.
 *
 * <p>Scoped values reach IO and BLOCKING subtasks, and the thread dump of the JDK shows them in a container of the scope's
 * name, because the threads live in a {@code StructuredTaskScope}. Nurseries come from Trio, joiners from the JDK.
 *
 * @param <T> the supertype of the subtasks' results
 * @param <R> the type of the joined result
 */
public sealed interface MixedScope<T extends @Nullable Object, R extends @Nullable Object>
        extends Forker<T>, AutoCloseable permits NurseryScope {

    /** Opens a scope that waits for all to succeed, with the default configuration. */
    static <T extends @Nullable Object> MixedScope<T, @Nullable Void> open() {
        return open(ScopeConfig.defaults());
    }

    /** Opens a scope that waits for all to succeed, with this configuration. */
    static <T extends @Nullable Object> MixedScope<T, @Nullable Void> open(ScopeConfig config) {
        return open(Joiner.awaitAllSuccessfulOrThrow(), config);
    }

    /** Opens a scope that waits for all to succeed: {@code open(c -> c.withTimeout(limit))}. */
    static <T extends @Nullable Object> MixedScope<T, @Nullable Void> open(UnaryOperator<ScopeConfig> configure) {
        return open(configure.apply(ScopeConfig.defaults()));
    }

    /** Opens a scope with this joiner and the default configuration. */
    static <T extends @Nullable Object, R extends @Nullable Object> MixedScope<T, R> open(
            Joiner<? super T, ? extends R> joiner) {
        return open(joiner, ScopeConfig.defaults());
    }

    /** Opens a scope with this joiner: {@code open(Joiner.awaitAll(), c -> c.withTimeout(limit))}. */
    static <T extends @Nullable Object, R extends @Nullable Object> MixedScope<T, R> open(
            Joiner<? super T, ? extends R> joiner, UnaryOperator<ScopeConfig> configure) {
        return open(joiner, configure.apply(ScopeConfig.defaults()));
    }

    /** Opens a scope with this joiner and configuration. */
    static <T extends @Nullable Object, R extends @Nullable Object> MixedScope<T, R> open(
            Joiner<? super T, ? extends R> joiner, ScopeConfig config) {
        return NurseryScope.open(joiner, config);
    }

    /**
     * Runs {@code body} in a new scope, joins it, closes it, and returns what the body returned.
     *
     * <p>Unlike in a try block, a failure of a subtask or the cancel of the scope also interrupts the body, whatever it
     * blocks in. Such an interrupt never outlives the call.
     *
     * @throws X what the body throws; if subtasks have failed, their {@code ScopeFailedException} is suppressed on it, unless
     *     it is the exception of one of them, which stays as it is
     * @throws ScopeFailedException as {@link #join} does; also when the body was interrupted by us
     * @throws InterruptedException if the calling thread was interrupted by others
     */
    static <V extends @Nullable Object, X extends Exception> V call(Body<V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        return call(ScopeConfig.defaults(), body);
    }

    /**
     * As {@link #call(Body)}, with this configuration.
     *
     * @throws X what the body throws
     * @throws ScopeFailedException as {@link #join} does; also when the body was interrupted by us
     * @throws InterruptedException if the calling thread was interrupted by others
     */
    static <V extends @Nullable Object, X extends Exception> V call(ScopeConfig config, Body<V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        return ScopeCall.run(config, body);
    }

    /**
     * Waits until every subtask has ended, also after a failure or a cancel, and returns what the joiner makes of them. May
     * be called again, after an interrupt or after more forks.
     *
     * @throws WrongThreadException if the caller is not the owner
     * @throws IllegalStateException if the scope is closed
     * @throws InterruptedException if the owner was interrupted; nothing is cancelled by that, and its flag is cleared
     * @throws DeadlineExceededException if the deadline of the scope passed before all had ended
     * @throws ScopeFailedException if the joiner says so; always wrapped, the cause is the first failure
     */
    R join() throws InterruptedException, ScopeFailedException;

    /** Cancels the scope: nothing starts any more, and what runs is interrupted or, in a worker, killed. Idempotent. */
    default void cancel() {
        cancel("cancelled by " + Thread.currentThread());
    }

    /**
     * Cancels the scope, from any thread, for this reason. The first reason wins. Returns at once; {@link #join} waits. Has no
     * effect on a scope that is closed.
     *
     * @param reason what handles, exceptions and logs say
     */
    void cancel(String reason);

    /** Why the scope was cancelled; empty unless it was. */
    Optional<CancelReason> cancelReason();

    /**
     * Closes {@code resource} when the scope closes, after the last subtask has ended; the last registered is the first
     * closed. What closing throws is suppressed on the failure that {@link #join} threw, or else thrown by {@link #close}.
     *
     * @return {@code resource}
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below this scope
     * @throws IllegalStateException if the scope is closed; the resource is left open
     */
    <C extends AutoCloseable> C register(C resource);

    /** The name given in the configuration, or one made from a number. */
    String name();

    /**
     * Closes the scope. Waits, without being interruptible, until every subtask has ended; what still runs is cancelled
     * first. Closing twice has no effect.
     *
     * @throws WrongThreadException if the caller is not the owner
     * @throws IllegalStateException if something was forked but {@link #join} was never called; thrown at the end
     * @throws ResourceCloseException if a {@linkplain #register registered} resource could not be closed, and {@code join}
     *     had not failed
     */
    @Override
    void close();

    /**
     * The code in a scope that {@link #call(Body)} opens.
     *
     * @param <V> what it returns
     * @param <X> what it throws besides the exceptions of the scope
     */
    @FunctionalInterface
    interface Body<V extends @Nullable Object, X extends Exception> {

        /**
         * Forks, and returns a result.
         *
         * @throws X if it fails
         * @throws ScopeFailedException if {@code join} or {@code await} does
         * @throws InterruptedException if it was interrupted
         */
        V run(MixedScope<@Nullable Object, @Nullable Void> scope) throws X, ScopeFailedException, InterruptedException;
    }
}
