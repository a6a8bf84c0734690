package dev.loomscope;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskAction;
import dev.loomscope.core.TaskConsumer;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
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

    /**
     * Opens a scope that waits for all to succeed: {@code open(c -> c.withTimeout(limit))}.
     *
     * @param configure gets the default configuration and returns the one to use
     */
    static <T extends @Nullable Object> MixedScope<T, @Nullable Void> open(UnaryOperator<ScopeConfig> configure) {
        return open(configure.apply(ScopeConfig.defaults()));
    }

    /** Opens a scope with this joiner and the default configuration. */
    static <T extends @Nullable Object, R extends @Nullable Object> MixedScope<T, R> open(
            Joiner<? super T, ? extends R> joiner) {
        return open(joiner, ScopeConfig.defaults());
    }

    /**
     * Opens a scope with this joiner: {@code open(Joiner.awaitAll(), c -> c.withTimeout(limit))}.
     *
     * @param joiner a new one: it serves one scope
     * @param configure gets the default configuration and returns the one to use
     */
    static <T extends @Nullable Object, R extends @Nullable Object> MixedScope<T, R> open(
            Joiner<? super T, ? extends R> joiner, UnaryOperator<ScopeConfig> configure) {
        return open(joiner, configure.apply(ScopeConfig.defaults()));
    }

    /**
     * Opens a scope with this joiner and configuration. The calling thread owns it. Inside a scope of the same thread, or in a
     * subtask, it is cancelled with the scope around, and bound by its deadline, unless a {@link Shield} stands in between.
     *
     * @param joiner a new one: it serves one scope
     */
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
     * @throws X what the body throws, as there
     * @throws ScopeFailedException as {@link #join} does; also when the body was interrupted by us
     * @throws InterruptedException if the calling thread was interrupted by others
     */
    static <V extends @Nullable Object, X extends Exception> V call(ScopeConfig config, Body<V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        return ScopeCall.run(config, body);
    }

    /**
     * Runs {@code body} in a new scope with this timeout, as {@link #call(Body)} does, and fails if it is not enough.
     *
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code timeout} is negative; then nothing was started
     * @throws X what the body throws
     * @throws DeadlineExceededException if the time was up before all had ended
     * @throws ScopeFailedException as {@link #join} does
     * @throws InterruptedException if the calling thread was interrupted by others
     */
    static <V extends @Nullable Object, X extends Exception> V failAfter(Duration timeout, Body<V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        return call(ScopeConfig.defaults().withTimeout(timeout), body);
    }

    /**
     * Runs {@code body} in a new scope with this timeout, as {@link #call(Body)} does, and goes on without a result if it is not
     * enough. What was running by then is cancelled and has ended when this returns.
     *
     * @return what the body returned; empty if that was null, or if the time was up
     * @throws NullPointerException if an argument is null
     * @throws IllegalArgumentException if {@code timeout} is negative; then nothing was started
     * @throws X what the body throws
     * @throws ScopeFailedException as {@link #join} does; also if the time was up and something has failed besides
     * @throws InterruptedException if the calling thread was interrupted by others
     */
    static <V, X extends Exception> Optional<V> moveOnAfter(Duration timeout, Body<? extends @Nullable V, X> body)
            throws X, ScopeFailedException, InterruptedException {
        return ScopeCall.moveOnAfter(timeout, body);
    }

    /**
     * Runs all tasks, each where it says itself, and returns the result of the first that succeeds; the others are cancelled, and have
     * ended when this returns.
     *
     * @return the result; null if the winner has none
     * @throws NullPointerException if a task is null
     * @throws IllegalArgumentException if there is no task
     * @throws dev.loomscope.core.AmbiguousTaskKindException if a task is of two kinds at once; the others are cancelled
     * @throws dev.loomscope.core.TaskNotSerializableException if a CPU task cannot be sent to a worker; the others are
     *     cancelled
     * @throws InterruptedException if the calling thread was interrupted; the tasks are cancelled
     * @throws ScopeFailedException if none succeeds; the cause is the first failure
     */
    @SafeVarargs
    @SuppressWarnings("varargs") // the array is only read
    static <T extends @Nullable Object> T race(Task<? extends T>... tasks)
            throws InterruptedException, ScopeFailedException {
        return ScopeCall.race(Arrays.stream(tasks).toList());
    }

    /**
     * Throws if the calling code is to stop: for loops that wait for nothing, and so notice no interrupt.
     *
     * <p>That is so if the subtask that the calling thread runs was cancelled, or a scope that it has opened, or the scope around; in a
     * worker process, if the CPU task was. Behind a {@link Shield} only what stands there with it counts. Anywhere else this does
     * nothing. It costs nanoseconds.
     *
     * @throws CancellationException if it is to stop; the message says why
     */
    static void checkCancelled() {
        CancelReason reason = ScopePlace.cancelledAround(ScopeTree.here());
        if (reason != null) {
            throw new CancellationException("cancelled: " + reason.text());
        }
    }

    /**
     * Runs {@code hook} if the subtask that the calling thread runs is cancelled, or the scope that it has opened: at once if it was
     * already. For calls that no interrupt ends: close the socket, cancel the statement.
     *
     * <p>It runs on a platform thread of its own, with the context class loader of the thread that adds it, at most once; what it throws is
     * logged. The subtask does not end while it runs. Behind a
     * {@link Shield} only what stands there with it counts: the cancel of something around runs none of the hooks put in place there.
     *
     * <p>What the stopped call then throws is a failure of the subtask, unless it is the echo of an interrupt: a {@code
     * SocketException} of a socket that the hook has closed is no echo. Catch it and ask {@link #checkCancelled}, and the
     * subtask ends as cancelled.
     *
     * @return to be closed when there is nothing to stop any more
     * @throws NullPointerException if {@code hook} is null
     * @throws IllegalStateException if the calling thread neither runs a subtask nor has opened a scope
     */
    static CancelHook onCancel(TaskAction hook) {
        Objects.requireNonNull(hook, "hook");
        ScopePlace here = ScopeTree.here();
        ScopePlace place = here;
        while (place instanceof Shield) {
            place = place.around();
        }
        if (place != null && place != here) {
            return new CancelHooks("a shield").add(hook); // which nobody runs: it must not cut what is shielded
        }
        return switch (place) {
            case ScopedSubtask<?> subtask -> subtask.addHook(hook);
            case ScopeTree tree -> tree.addHook(hook);
            case null, default ->
                throw new IllegalStateException(
                        "%s runs no subtask and has opened no scope: there is nothing whose cancel could be hooked"
                                .formatted(Thread.currentThread()));
        };
    }

    /**
     * Starts a task that goes on in this scope, and waits until it says that it is ready: a server that listens, a consumer that has
     * subscribed. The {@link Readiness} that it gets is how it says so.
     *
     * {@snippet :
     * Started<Integer> server = scope.start(IO, ready -> {
     *     try (ServerSocket socket = new ServerSocket(0)) {
     *         ready.started(socket.getLocalPort());
     *         serve(socket);
     *     }
     * });
     * connect(server.value());
     * }
     *
     * <p>A failure before that is the caller's: it is thrown here, cancels nothing and is none of the scope's {@code failures}. From
     * then on the task is a subtask like any other. A caller whom an interrupt or a cancel calls away before that cancels the task, and
     * what then fails in it is the scope's.
     *
     * @param kind IO or BLOCKING
     * @return what the task gave, and its handle
     * @throws NullPointerException if an argument is null
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below this scope
     * @throws IllegalStateException if the scope is closed
     * @throws IllegalArgumentException if the kind is CPU: a task in a worker cannot say that it is ready
     * @throws InterruptedException if the caller was interrupted
     * @throws ScopeFailedException if the task failed or ended before it was ready (the cause is its exception), or the scope was
     *     cancelled
     */
    default <V extends @Nullable Object> Started<V> start(TaskKind kind, TaskConsumer<? super Readiness<V>> task)
            throws InterruptedException, ScopeFailedException {
        return startTask(null, Objects.requireNonNull(kind, "kind"), task);
    }

    /**
     * As {@link #start(TaskKind, TaskConsumer)}, of the kind that the code says.
     *
     * @throws dev.loomscope.core.AmbiguousTaskKindException if the code is of two kinds at once
     * @throws InterruptedException if the caller was interrupted
     * @throws ScopeFailedException if the task failed or ended before it was ready, or the scope was cancelled
     */
    default <V extends @Nullable Object> Started<V> start(TaskConsumer<? super Readiness<V>> task)
            throws InterruptedException, ScopeFailedException {
        return startTask(null, null, task);
    }

    /**
     * As {@link #start(TaskKind, TaskConsumer)}: the form that the others lead to.
     *
     * @param name what handles, threads, logs and messages call the subtask; null for a name made from its kind
     * @param kind where it runs; null to let the code decide
     * @throws InterruptedException if the caller was interrupted
     * @throws ScopeFailedException if the task failed or ended before it was ready, or the scope was cancelled
     */
    <V extends @Nullable Object> Started<V> startTask(
            @Nullable String name, @Nullable TaskKind kind, TaskConsumer<? super Readiness<V>> task)
            throws InterruptedException, ScopeFailedException;

    /**
     * Applies {@code function} to each item and returns the results in the order of the items.
     *
     * <p>So many subtasks at once are in work: of kind IO 256, or what {@link ScopeConfig#withMaxConcurrent} says if that
     * is less; of kind BLOCKING what that says, 64 by default; of kind CPU twice the number of processors. An item of
     * kind IO or BLOCKING is a subtask of its own; those of kind CPU come in chunks, whose size follows the time that
     * they take. Items are taken from {@code items} on the calling thread, and only when there is room. They run in a
     * scope of their own inside this one: the first failure cancels the others and is thrown here, and nothing else in
     * this scope is cancelled by it.
     *
     * @param items to be read once; may be large, or made while it is read; may hold nulls. What reading them throws is
     *     thrown here
     * @return unmodifiable; may hold nulls
     * @throws NullPointerException if an argument is null
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below this scope
     * @throws IllegalStateException if the scope is closed
     * @throws dev.loomscope.core.AmbiguousTaskKindException if the function is of two kinds at once
     * @throws dev.loomscope.core.TaskNotSerializableException if the function or an item is for a worker and cannot be sent
     * @throws InterruptedException if the caller was interrupted; the items in work are cancelled
     * @throws ScopeFailedException if an item failed (the cause is its exception, the name of the subtask says which), or this scope
     *     was cancelled
     */
    default <A extends @Nullable Object, U extends @Nullable Object> List<U> map(
            Iterable<? extends A> items, TaskFunction<? super A, ? extends U> function)
            throws InterruptedException, ScopeFailedException {
        return mapItems(null, null, items, function);
    }

    /**
     * As {@link #map(Iterable, TaskFunction)}, with this kind.
     *
     * @throws InterruptedException if the caller was interrupted; the items in work are cancelled
     * @throws ScopeFailedException if an item failed, or this scope was cancelled
     */
    default <A extends @Nullable Object, U extends @Nullable Object> List<U> map(
            TaskKind kind, Iterable<? extends A> items, TaskFunction<? super A, ? extends U> function)
            throws InterruptedException, ScopeFailedException {
        return mapItems(Objects.requireNonNull(kind, "kind"), null, items, function);
    }

    /**
     * As {@link #map(Iterable, TaskFunction)}, with this kind and this many subtasks at once.
     *
     * @throws IllegalArgumentException if {@code atOnce} is below 1
     * @throws InterruptedException if the caller was interrupted; the items in work are cancelled
     * @throws ScopeFailedException if an item failed, or this scope was cancelled
     */
    default <A extends @Nullable Object, U extends @Nullable Object> List<U> map(
            TaskKind kind, int atOnce, Iterable<? extends A> items, TaskFunction<? super A, ? extends U> function)
            throws InterruptedException, ScopeFailedException {
        return mapItems(Objects.requireNonNull(kind, "kind"), atOnce, items, function);
    }

    /**
     * As {@link #map(TaskKind, int, Iterable, TaskFunction)}: the form that the others lead to.
     *
     * @param kind where the items run; null to let the code decide
     * @param atOnce how many subtasks run at once; null for the default of the kind
     * @throws InterruptedException if the caller was interrupted; the items in work are cancelled
     * @throws ScopeFailedException if an item failed, or this scope was cancelled
     */
    <A extends @Nullable Object, U extends @Nullable Object> List<U> mapItems(
            @Nullable TaskKind kind,
            @Nullable Integer atOnce,
            Iterable<? extends A> items,
            TaskFunction<? super A, ? extends U> function)
            throws InterruptedException, ScopeFailedException;

    /**
     * As {@link #map(Iterable, TaskFunction)}, without results: memory stays flat, however many items there are.
     *
     * @throws InterruptedException if the caller was interrupted; the items in work are cancelled
     * @throws ScopeFailedException if an item failed, or this scope was cancelled
     */
    default <A extends @Nullable Object> void forEach(Iterable<? extends A> items, TaskConsumer<? super A> action)
            throws InterruptedException, ScopeFailedException {
        forEachItem(null, null, items, action);
    }

    /**
     * As {@link #forEach(Iterable, TaskConsumer)}, with this kind.
     *
     * @throws InterruptedException if the caller was interrupted; the items in work are cancelled
     * @throws ScopeFailedException if an item failed, or this scope was cancelled
     */
    default <A extends @Nullable Object> void forEach(
            TaskKind kind, Iterable<? extends A> items, TaskConsumer<? super A> action)
            throws InterruptedException, ScopeFailedException {
        forEachItem(Objects.requireNonNull(kind, "kind"), null, items, action);
    }

    /**
     * As {@link #forEach(Iterable, TaskConsumer)}, with this kind and this many subtasks at once.
     *
     * @throws IllegalArgumentException if {@code atOnce} is below 1
     * @throws InterruptedException if the caller was interrupted; the items in work are cancelled
     * @throws ScopeFailedException if an item failed, or this scope was cancelled
     */
    default <A extends @Nullable Object> void forEach(
            TaskKind kind, int atOnce, Iterable<? extends A> items, TaskConsumer<? super A> action)
            throws InterruptedException, ScopeFailedException {
        forEachItem(Objects.requireNonNull(kind, "kind"), atOnce, items, action);
    }

    /**
     * As {@link #forEach(TaskKind, int, Iterable, TaskConsumer)}: the form that the others lead to.
     *
     * @param kind where the items run; null to let the code decide
     * @param atOnce how many subtasks run at once; null for the default of the kind
     * @throws InterruptedException if the caller was interrupted; the items in work are cancelled
     * @throws ScopeFailedException if an item failed, or this scope was cancelled
     */
    <A extends @Nullable Object> void forEachItem(
            @Nullable TaskKind kind,
            @Nullable Integer atOnce,
            Iterable<? extends A> items,
            TaskConsumer<? super A> action)
            throws InterruptedException, ScopeFailedException;

    /** Returns a view of this scope for helpers: it forks, but can neither join nor close nor cancel. */
    Forker<T> forker();

    /**
     * Returns the subtasks in the order in which they end: those that have ended since the last join, those that run, and those that
     * will be forked. Daemons are left out. Ask for it before more than 10,000 have ended. A subtask that waits for the last completion of
     * its own scope waits for itself: do that in the body, in a daemon or in a scope inside.
     *
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below this scope
     * @throws IllegalStateException if the scope is closed, or more have ended unseen than it remembers
     */
    Completions<T> completions();

    /**
     * Waits until every subtask has ended, also after a failure or a cancel, and returns what the joiner makes of them. May
     * be called again, after an interrupt or after more forks.
     *
     * @return what {@link Joiner#result} does; may be null
     * @throws WrongThreadException if the caller is not the owner
     * @throws IllegalStateException if the scope is closed
     * @throws LimiterDeadlockException if a subtask waits for a permit that would never come, because the owner holds one
     * @throws InterruptedException if the owner was interrupted; nothing is cancelled by that, and its flag is cleared. If the
     *     scope is then closed without another join, what has failed in it is suppressed on this exception
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
     * @throws NullPointerException if {@code reason} is null
     */
    void cancel(String reason);

    /** Why the scope was cancelled; empty unless it was. */
    Optional<CancelReason> cancelReason();

    /**
     * By when the work in this scope must have ended: the earliest of its own deadline and those of the scopes around, up to a {@link
     * Shield}; empty if none has one.
     */
    Optional<Deadline> deadline();

    /**
     * Sets or moves the scope's own deadline, to an earlier or a later point in time; one in the past cancels at once. Has no effect
     * once the deadline has passed: what is cancelled stays cancelled. Deadlines of scopes around hold all the same.
     *
     * <p>A CPU task that a worker has already is cancelled at the new deadline, as all others are. But the scopes that it opens, and what
     * it can ask for the time that is left, have the deadline with which it was sent.
     *
     * @throws NullPointerException if it is null
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below this scope
     * @throws IllegalStateException if the scope is closed
     */
    void moveDeadline(Deadline newDeadline);

    /**
     * Closes {@code resource} when the scope closes, after the last subtask has ended; the last registered is the first
     * closed. What closing throws is suppressed on the failure that {@link #join} threw, or else thrown by {@link #close}.
     *
     * @return {@code resource}
     * @throws NullPointerException if {@code resource} is null
     * @throws WrongThreadException if the calling thread is neither the owner nor runs a subtask below this scope
     * @throws IllegalStateException if the scope is closed; the resource is left open
     */
    <C extends AutoCloseable> C register(C resource);

    /** What goes on in this scope and the scopes inside it, at this moment. Any thread. */
    ScopeSnapshot snapshot();

    /** The trees of all open scopes of this JVM as text: for logs, and for the person who wonders what it waits for. Any thread. */
    static String dump() {
        return ScopeDump.text();
    }

    /** The name given in the configuration, or one made from a number. */
    String name();

    /**
     * Closes the scope. Waits, without being interruptible, until every subtask has ended; what still runs is cancelled
     * first. Closing twice has no effect.
     *
     * @throws WrongThreadException if the caller is not the owner
     * @throws IllegalStateException if the owner has forked something and not joined since, or scopes that it has opened
     *     inside were not closed before; thrown at the end
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
