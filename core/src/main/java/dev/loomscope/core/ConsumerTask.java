package dev.loomscope.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A {@link TaskConsumer} with its argument, as a task. */
record ConsumerTask<A extends @Nullable Object>(TaskConsumer<? super A> code, A argument)
        implements Task<@Nullable Void>, AdaptedTask {

    ConsumerTask {
        Objects.requireNonNull(code, "action");
    }

    @Override
    public @Nullable Void call() throws Exception {
        code.accept(argument);
        return null;
    }
}
