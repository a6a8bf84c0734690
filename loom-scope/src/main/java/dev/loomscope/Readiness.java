package dev.loomscope;

import org.jspecify.annotations.Nullable;

/**
 * How a task that is {@linkplain MixedScope#start started} says that it is ready.
 *
 * @param <V> the type of what it gives to the caller: a port, a connection
 */
public sealed interface Readiness<V extends @Nullable Object> permits Startup {

    /**
     * The task is ready: {@link MixedScope#start} returns with this value, and the task goes on.
     *
     * @param value for the caller; may be null
     * @throws IllegalStateException if it was called before
     */
    void started(V value);
}
