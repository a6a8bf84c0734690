package dev.loomscope.core;

import org.jspecify.annotations.Nullable;

/** A {@link TaskAction} as a task. */
record ActionTask(TaskAction code) implements Task<@Nullable Void>, AdaptedTask {

    @Override
    public @Nullable Void call() throws Exception {
        code.run();
        return null;
    }
}
