package dev.loomscope.core;

import java.io.Serializable;
import org.jspecify.annotations.Nullable;

/**
 * Code that can be forked together with its one argument, without a result.
 *
 * @param <A> the type of the argument
 */
@FunctionalInterface
public interface TaskConsumer<A extends @Nullable Object> extends Serializable {

    /**
     * Runs the code.
     *
     * @throws Exception if it fails
     */
    void accept(A argument) throws Exception;
}
