package dev.loomscope.core;

import java.io.Serializable;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Code that can be forked, with a result.
 *
 * <p>Being {@link Serializable}, every lambda expression and method reference written where a {@code Task} is expected
 * can be both inspected (to find its {@linkplain TaskClassifier kind}) and sent to a worker process. Nothing is
 * serialized unless the task runs as {@link TaskKind#CPU}.
 *
 * <p>It extends {@link TaskAction} so that overload resolution prefers the form with a result wherever both would do.
 *
 * @param <T> the type of the result
 */
@FunctionalInterface
public interface Task<T extends @Nullable Object> extends Callable<T>, TaskAction {

    /**
     * Computes the result.
     *
     * @throws Exception if it cannot
     */
    @Override
    T call() throws Exception;

    /** Computes the result and drops it. */
    @Override
    default void run() throws Exception {
        call();
    }

    /** Returns a task that runs {@code action} and has no result; its kind is that of {@code action}. */
    static Task<@Nullable Void> of(TaskAction action) {
        return new ActionTask(action);
    }

    /**
     * Returns a task that applies {@code function} to {@code argument}; its kind is that of {@code function}.
     *
     * @param argument may be null if the function accepts null
     */
    static <A extends @Nullable Object, T extends @Nullable Object> Task<T> of(
            TaskFunction<? super A, ? extends T> function, A argument) {
        return new FunctionTask<>(function, argument);
    }

    /**
     * Returns a task that feeds {@code argument} to {@code consumer} and has no result; its kind is that of {@code
     * consumer}.
     *
     * @param argument may be null if the consumer accepts null
     */
    static <A extends @Nullable Object> Task<@Nullable Void> of(TaskConsumer<? super A> consumer, A argument) {
        return new ConsumerTask<>(consumer, argument);
    }
}
