package dev.loomscope;

import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Remembers, for a joiner, the first subtask that did not succeed. Thread-safe. */
final class FirstProblem {

    private final AtomicReference<@Nullable Subtask<?>> failed = new AtomicReference<>();
    private final AtomicReference<@Nullable CancelReason> cancelled = new AtomicReference<>();

    /** Looks at a subtask that has ended. One that was cancelled alone is no problem: somebody wanted just that. */
    void look(Subtask<?> subtask) {
        switch (subtask.state()) {
            case FAILED -> failed.compareAndSet(null, subtask);
            case CANCELLED ->
                subtask.cancelReason()
                        .filter(reason -> reason.source() != CancelReason.Source.SINGLE)
                        .ifPresent(reason -> cancelled.compareAndSet(null, reason));
            default -> {}
        }
    }

    /** Throws the first failure, or else a {@link CancellationException} if anything was cancelled; or does nothing. */
    void rethrow() throws Throwable {
        Subtask<?> first = failed.get();
        if (first != null) {
            throw first.exception();
        }
        CancelReason reason = cancelled.get();
        if (reason != null) {
            throw new CancellationException(reason.text());
        }
    }
}
