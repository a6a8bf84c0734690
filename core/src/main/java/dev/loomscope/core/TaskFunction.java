package dev.loomscope.core;

import org.jspecify.annotations.Nullable;

/**
 * Code that can be forked together with its one argument, with a result: {@code scope.fork(Site::download, url)}.
 *
 * <p>It extends {@link TaskConsumer} so that overload resolution prefers the form with a result wherever both would do.
 *
 * @param <A> the type of the argument
 * @param <T> the type of the result
 */
@FunctionalInterface
public interface TaskFunction<A extends @Nullable Object, T extends @Nullable Object> extends TaskConsumer<A> {

    /**
     * Computes the result.
     *
     * @throws Exception if it cannot
     */
    T apply(A argument) throws Exception;

    /** Computes the result and drops it. */
    @Override
    default void accept(A argument) throws Exception {
        apply(argument);
    }
}
