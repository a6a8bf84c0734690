package dev.loomscope;

import dev.loomscope.core.CurrentTask;
import java.util.Objects;

/**
 * How code that runs as a subtask says how far it is, whatever its kind: listeners hear a {@link
 * dev.loomscope.event.ScopeEvent.SubtaskProgress}.
 *
 * {@snippet :
 * for (int page = 0; page < pages; page++) {
 *     Progress.report((double) page / pages, "page " + page);
 *     render(page);
 * }
 * }
 */
public final class Progress {

    private Progress() {}

    /**
     * Says how far the subtask is whose code the calling thread runs; in a worker, the CPU task there. Anywhere else this does nothing,
     * so that the same code can be called directly.
     *
     * <p>From an IO or BLOCKING subtask the listeners are called at once, on the calling thread. From a CPU subtask it never waits, neither
     * for them nor for the parent, and holds up no cancel and no result: reports are sent a hundred times a second at most, and of
     * those that come faster than they are heard the latest counts. The last one before the end is always heard.
     *
     * @param fraction from 0 to 1; what is outside counts as the nearer of them; NaN for not known
     * @param message what it is doing, for people; from a CPU subtask it is cut after some 4,000 characters
     * @throws NullPointerException if {@code message} is null
     */
    public static void report(double fraction, String message) {
        Objects.requireNonNull(message, "message");
        ScopedSubtask<?> subtask = ScopedSubtask.current();
        if (subtask != null) {
            subtask.onProgress(Double.isNaN(fraction) ? fraction : Math.clamp(fraction, 0.0, 1.0), message);
            return;
        }
        CurrentTask task = CurrentTask.current();
        if (task != null) {
            task.report(fraction, message);
        }
    }
}
