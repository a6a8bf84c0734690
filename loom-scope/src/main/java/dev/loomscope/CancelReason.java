package dev.loomscope;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a scope or a subtask was cancelled. The first reason wins. */
public final class CancelReason {

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
        JOINER,
        /** The subtask is a daemon, and the others have ended. */
        OTHERS_ENDED
    }

    private final Source source;
    private final String text;
    private final String by;
    private final @Nullable Subtask<?> failed;

    private CancelReason(Source source, String text, @Nullable Subtask<?> failed) {
        this.source = Objects.requireNonNull(source, "source");
        this.text = Objects.requireNonNull(text, "text");
        this.by = Thread.currentThread().toString();
        this.failed = failed;
    }

    static CancelReason of(Source source, String text) {
        return new CancelReason(source, text, null);
    }

    static CancelReason failure(Subtask<?> failed) {
        return new CancelReason(Source.FAILURE, "subtask '%s' failed".formatted(failed.name()), failed);
    }

    /** The same for a scope inside, however deep. */
    CancelReason passedOn() {
        return source == Source.PARENT ? this : of(Source.PARENT, "the scope around it was cancelled: " + text);
    }

    /** What brought it about. */
    public Source source() {
        return source;
    }

    /** The reason in words. */
    public String text() {
        return text;
    }

    /** The thread that cancelled, for people. */
    public String by() {
        return by;
    }

    /** The subtask whose failure brought it about; empty if it was none. */
    public Optional<Subtask<?>> failedSubtask() {
        return Optional.ofNullable(failed);
    }

    @Override
    public String toString() {
        return text;
    }
}
