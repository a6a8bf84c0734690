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

    /** What became of those that ended when there was no memory to say so; its trace says nothing. */
    @SuppressWarnings("StaticAssignmentOfThrowable") // when it is needed, none can be made
    static final OutOfMemoryError NO_MEMORY =
            new OutOfMemoryError("there was no memory left to keep what a subtask returned or threw");

    /** Of a subtask whose outcome is lost for want of memory. */
    static final SubtaskEnd LOST = new SubtaskEnd(State.FAILED, NO_MEMORY, 0);

    private static final SubtaskEnd CANCELLED = new SubtaskEnd(State.CANCELLED, null, 0);

    /** What can be said without memory; when it ended is not known. */
    static SubtaskEnd withoutMemory(State state) {
        return state == State.CANCELLED ? CANCELLED : LOST;
    }

    /** What it threw; null if it did not. */
    @Nullable
    Throwable exception() {
        return state == State.FAILED && value instanceof Throwable thrown ? thrown : null;
    }
}
