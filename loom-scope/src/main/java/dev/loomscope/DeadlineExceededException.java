package dev.loomscope;

import dev.loomscope.ScopeFailedException.Failure;
import java.io.Serial;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Thrown by {@link MixedScope#join} when the deadline of the scope passed before its subtasks had ended. The message and
 * {@link #unfinished} say which had not, and how long each had run.
 */
public final class DeadlineExceededException extends ScopeFailedException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final transient List<Unfinished> unfinished;

    /**
     * A subtask that the deadline cut short.
     *
     * @param subtask the one that had not ended
     * @param ran how long it had run, zero if it had not started
     */
    public record Unfinished(Subtask<?> subtask, Duration ran) {}

    DeadlineExceededException(
            Object origin,
            String message,
            @Nullable Throwable cause,
            List<Failure> failures,
            CancelReason cancelReason,
            List<Unfinished> unfinished) {
        super(origin, message, cause, failures, cancelReason);
        this.unfinished = List.copyOf(unfinished);
    }

    /**
     * What had not ended when the deadline passed, in the order of the forks; empty if only a scope inside was cut short,
     * or this exception came out of a stream of objects. Unmodifiable.
     */
    public List<Unfinished> unfinished() {
        return unfinished == null ? List.of() : unfinished; // null after deserialization: handles stay at home
    }
}
