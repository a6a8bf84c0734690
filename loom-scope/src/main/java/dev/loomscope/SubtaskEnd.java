package dev.loomscope;

import dev.loomscope.Subtask.State;
import org.jspecify.annotations.Nullable;

/**
 * What became of a subtask: published at once, when all of it is known.
 *
 * @param state its last one
 * @param value the result, or what it threw; null if it has neither
 * @param nanos when it ended, on the clock of its scope
 */
record SubtaskEnd(State state, @Nullable Object value, long nanos) {

    /** What it threw; null if it did not. */
    @Nullable
    Throwable exception() {
        return state == State.FAILED && value instanceof Throwable thrown ? thrown : null;
    }
}
