package dev.loomscope;

import org.jspecify.annotations.Nullable;

/**
 * A task that has said that it is ready, and goes on.
 *
 * @param value what it gave
 * @param subtask its handle, to cancel it or to wait for its end
 */
public record Started<V extends @Nullable Object>(V value, Subtask<@Nullable Void> subtask) {}
