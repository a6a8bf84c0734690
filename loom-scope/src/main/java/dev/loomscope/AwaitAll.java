package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** {@link Joiner#awaitAll}. */
final class AwaitAll<T extends @Nullable Object> implements Joiner<T, @Nullable Void> {

    @Override
    public @Nullable Void result() {
        return null;
    }
}
