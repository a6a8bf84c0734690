package dev.loomscope;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why a scope or a subtask was cancelled. The first reason wins.
 *
 * @param source what brought it about
 * @param text the reason in words
 * @param by the thread that cancelled
 * @param failed the subtask whose failure brought it about, null if it was none
 */
public record CancelReason(
        Source source, String text, String by, @Nullable Subtask<?> failed) {

    /** What can bring a cancel about. */
    public enum Source {
        /** A subtask failed. */
        FAILURE,
        /** The deadline passed. */
        DEADLINE,
        /** Somebody called {@code cancel} of the scope. */
        EXPLICIT,
        /** Somebody called {@code cancel} of this subtask alone. */
        SINGLE,
        /** The owner left the scope without a join. */
        OWNER_LEFT,
        /** The scope that encloses it was cancelled, or the subtask that it continues did not succeed. */
        PARENT,
        /** The joiner has what it wants. */
        JOINER
    }

    /** Guards against null. */
    public CancelReason {
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(by, "by");
    }

    static CancelReason of(Source source, String text) {
        return new CancelReason(source, text, Thread.currentThread().toString(), null);
    }

    static CancelReason failure(Subtask<?> failed) {
        String text = "subtask '%s' failed".formatted(failed.name());
        return new CancelReason(Source.FAILURE, text, Thread.currentThread().toString(), failed);
    }

    /** The subtask whose failure brought it about. */
    public Optional<Subtask<?>> failedSubtask() {
        return Optional.ofNullable(failed);
    }

    @Override
    public String toString() {
        return text;
    }
}
