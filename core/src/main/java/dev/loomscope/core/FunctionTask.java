package dev.loomscope.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A {@link TaskFunction} with its argument, as a task. */
record FunctionTask<A extends @Nullable Object, T extends @Nullable Object>(
        TaskFunction<? super A, ? extends T> code, A argument) implements Task<T>, AdaptedTask {

    FunctionTask {
        Objects.requireNonNull(code, "function");
    }

    @Override
    public T call() throws Exception {
        return code.apply(argument);
    }
}
