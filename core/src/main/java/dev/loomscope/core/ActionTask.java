package dev.loomscope.core;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A {@link TaskAction} as a task. */
record ActionTask(TaskAction code) implements Task<@Nullable Void>, AdaptedTask {

    ActionTask {
        Objects.requireNonNull(code, "action");
    }

    @Override
    public @Nullable Void call() throws Exception {
        code.run();
        return null;
    }
}
