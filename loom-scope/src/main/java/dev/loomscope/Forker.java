package dev.loomscope;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskAction;
import dev.loomscope.core.TaskConsumer;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * The forms of {@code fork}: with or without a name, with the {@linkplain TaskKind kind} said here or left to the
 * implementer of the code, for code with and without an argument and a result.
 *
 * <p>They differ in nothing else. Each starts a subtask in the scope and returns its handle at once: it never blocks and
 * never drops; a subtask for which there is no permit waits in a queue. After the scope was cancelled nothing starts, and
 * the handle is {@link Subtask.State#CANCELLED} from the beginning. The kind is found as {@link
 * dev.loomscope.core.TaskClassifier} describes. Whatever a CPU task captured is serialized before {@code fork} returns.
 *
 * <p>Every form throws, in this order:
 *
 * <ul>
 *   <li>{@link NullPointerException} if anything but an argument of the code is null
 *   <li>{@link WrongThreadException} if the calling thread is neither the owner nor runs a subtask below this scope
 *   <li>{@link IllegalStateException} if the scope is closed
 *   <li>{@link IllegalArgumentException} if the cancel policy or the heap of the view is none for the kind
 *   <li>{@link dev.loomscope.core.AmbiguousTaskKindException} if the code is of two kinds at once
 *   <li>{@link dev.loomscope.core.TaskNotSerializableException} if a CPU task cannot be sent to a worker
 * </ul>
 *
 * <p>The forms for actions have a type parameter so that a lambda of Kotlin or Scala that has a value never becomes an action: these
 * languages make a lambda into an interface only where the parameter is that interface itself. Java sees no difference.
 *
 * @param <T> the supertype of all results
 */
public sealed interface Forker<T extends @Nullable Object> permits MixedScope, ForkView {

    /**
     * Forks a task: the form that all others lead to.
     *
     * @param name what handles, threads, logs and messages call the subtask; null for a name made from its kind
     * @param kind where it runs; null to let the code decide
     */
    <U extends T> Subtask<U> forkTask(@Nullable String name, @Nullable TaskKind kind, Callable<? extends U> task);

    /** Forks a task with a result. */
    default <U extends T> Subtask<U> fork(Task<? extends U> task) {
        return forkTask(null, null, task);
    }

    /** Forks a plain callable. Written as a lambda, the code is a {@link Task} instead, which can be classified. */
    default <U extends T> Subtask<U> fork(Callable<? extends U> task) {
        return forkTask(null, null, task);
    }

    /**
     * Forks an action.
     *
     * @param <C> the type of the action
     */
    default <C extends TaskAction> Subtask<@Nullable Void> fork(C action) {
        return forkAction(null, null, Task.of(action));
    }

    /** Forks a function together with its argument. */
    default <A extends @Nullable Object, U extends T> Subtask<U> fork(
            TaskFunction<? super A, ? extends U> function, A argument) {
        return forkTask(null, null, Task.of(function, argument));
    }

    /** Forks an action together with its argument. */
    default <A extends @Nullable Object, C extends TaskConsumer<? super A>> Subtask<@Nullable Void> fork(
            C action, A argument) {
        return forkAction(null, null, Task.of(action, argument));
    }

    /** Forks a task with a result, of this kind. */
    default <U extends T> Subtask<U> fork(TaskKind kind, Task<? extends U> task) {
        return forkTask(null, requireKind(kind), task);
    }

    /** Forks a plain callable, of this kind. */
    default <U extends T> Subtask<U> fork(TaskKind kind, Callable<? extends U> task) {
        return forkTask(null, requireKind(kind), task);
    }

    /** Forks an action, of this kind. */
    default <C extends TaskAction> Subtask<@Nullable Void> fork(TaskKind kind, C action) {
        return forkAction(null, requireKind(kind), Task.of(action));
    }

    /** Forks a function together with its argument, of this kind. */
    default <A extends @Nullable Object, U extends T> Subtask<U> fork(
            TaskKind kind, TaskFunction<? super A, ? extends U> function, A argument) {
        return forkTask(null, requireKind(kind), Task.of(function, argument));
    }

    /** Forks an action together with its argument, of this kind. */
    default <A extends @Nullable Object, C extends TaskConsumer<? super A>> Subtask<@Nullable Void> fork(
            TaskKind kind, C action, A argument) {
        return forkAction(null, requireKind(kind), Task.of(action, argument));
    }

    /** Forks a task with a result, by name. */
    default <U extends T> Subtask<U> fork(String name, Task<? extends U> task) {
        return forkTask(requireName(name), null, task);
    }

    /** Forks a plain callable, by name. */
    default <U extends T> Subtask<U> fork(String name, Callable<? extends U> task) {
        return forkTask(requireName(name), null, task);
    }

    /** Forks an action, by name. */
    default <C extends TaskAction> Subtask<@Nullable Void> fork(String name, C action) {
        return forkAction(requireName(name), null, Task.of(action));
    }

    /** Forks a function together with its argument, by name. */
    default <A extends @Nullable Object, U extends T> Subtask<U> fork(
            String name, TaskFunction<? super A, ? extends U> function, A argument) {
        return forkTask(requireName(name), null, Task.of(function, argument));
    }

    /** Forks an action together with its argument, by name. */
    default <A extends @Nullable Object, C extends TaskConsumer<? super A>> Subtask<@Nullable Void> fork(
            String name, C action, A argument) {
        return forkAction(requireName(name), null, Task.of(action, argument));
    }

    /** Forks a task with a result, by name and of this kind. */
    default <U extends T> Subtask<U> fork(String name, TaskKind kind, Task<? extends U> task) {
        return forkTask(requireName(name), requireKind(kind), task);
    }

    /** Forks a plain callable, by name and of this kind. */
    default <U extends T> Subtask<U> fork(String name, TaskKind kind, Callable<? extends U> task) {
        return forkTask(requireName(name), requireKind(kind), task);
    }

    /** Forks an action, by name and of this kind. */
    default <C extends TaskAction> Subtask<@Nullable Void> fork(String name, TaskKind kind, C action) {
        return forkAction(requireName(name), requireKind(kind), Task.of(action));
    }

    /** Forks a function together with its argument, by name and of this kind. */
    default <A extends @Nullable Object, U extends T> Subtask<U> fork(
            String name, TaskKind kind, TaskFunction<? super A, ? extends U> function, A argument) {
        return forkTask(requireName(name), requireKind(kind), Task.of(function, argument));
    }

    /** Forks an action together with its argument, by name and of this kind. */
    default <A extends @Nullable Object, C extends TaskConsumer<? super A>> Subtask<@Nullable Void> fork(
            String name, TaskKind kind, C action, A argument) {
        return forkAction(requireName(name), requireKind(kind), Task.of(action, argument));
    }

    /**
     * Returns a view that forks subtasks to which a cancel does this.
     *
     * <p>Its {@code fork} throws {@link IllegalArgumentException} for a kind that cannot be treated so: see {@link CancelPolicy}.
     *
     * @throws NullPointerException if {@code policy} is null
     */
    Forker<T> withCancelPolicy(CancelPolicy policy);

    /**
     * Returns a view that forks daemons: subtasks for which {@code join} does not wait by itself. When the others have ended, {@code
     * join} cancels them and waits until they have ended too. A daemon that fails is a failure like any other; joiners hear of daemons
     * only then.
     */
    Forker<T> asDaemons();

    /**
     * Returns a view that forks CPU subtasks which need a larger heap than the workers of the pool have.
     *
     * <p>They run in a worker that has at least this heap. If there is none, one is started, and where that takes up the room, idle
     * workers with less are retired for it: there are no more workers than the pool has anyhow, and no more memory than its budget.
     * Others in line wait meanwhile. The worker then serves whoever comes, until it is idle for too long, or until its heap keeps
     * several others from starting. Ask for less than the pool gives, and nothing changes.
     *
     * <p>If no such worker can be started, the subtask fails as it does when there is none at all. Its {@code fork} throws {@link
     * IllegalArgumentException} for IO and BLOCKING, and if the memory budget of the pool is less than that.
     *
     * @param heapMiB in MiB; a {@code -Xmx} among the JVM options of the pool wins over it
     * @throws IllegalArgumentException if {@code heapMiB} is below 1
     */
    Forker<T> withMaxHeapMiB(int heapMiB);

    /** Forks a {@linkplain #asDaemons daemon}. */
    default Subtask<@Nullable Void> forkDaemon(TaskAction action) {
        return asDaemons().fork(action);
    }

    /** Forks a {@linkplain #asDaemons daemon}, of this kind. */
    default Subtask<@Nullable Void> forkDaemon(TaskKind kind, TaskAction action) {
        return asDaemons().fork(kind, action);
    }

    /** Forks a {@linkplain #asDaemons daemon}, by name and of this kind. */
    default Subtask<@Nullable Void> forkDaemon(String name, TaskKind kind, TaskAction action) {
        return asDaemons().fork(name, kind, action);
    }

    // A subtask without a result is none that T restricts: its only value is null, which belongs to every type.
    @SuppressWarnings("unchecked")
    private Subtask<@Nullable Void> forkAction(
            @Nullable String name, @Nullable TaskKind kind, Task<@Nullable Void> task) {
        return (Subtask<@Nullable Void>) (Subtask<?>) forkTask(name, kind, (Task<? extends T>) (Task<?>) task);
    }

    private static TaskKind requireKind(TaskKind kind) {
        return Objects.requireNonNull(kind, "kind");
    }

    private static String requireName(String name) {
        return Objects.requireNonNull(name, "name");
    }
}
