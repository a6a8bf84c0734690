package dev.loomscope;

import java.io.Serial;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown by {@link MixedScope#join} when the work of the scope failed, and by all that waits for a part of it: {@link
 * Subtask#await}, {@link Completions}, {@link MixedScope#start}, {@link MixedScope#map}.
 *
 * <p>The cause is the first failure. {@link #failures} has every one with its subtask; the others are also suppressed on
 * this exception, up to 32, so that a stack trace shows them. The exceptions of tasks are never changed.
 */
public sealed class ScopeFailedException extends ExecutionException permits DeadlineExceededException {

    /** How many further failures a stack trace shows. */
    static final int MAX_SUPPRESSED = 32;

    @Serial
    private static final long serialVersionUID = 1L;

    private final transient List<Failure> failures;
    private final transient @Nullable CancelReason cancelReason;
    private final transient @Nullable Object origin;

    /**
     * A subtask and what it threw.
     *
     * @param subtask the one that failed
     * @param exception the task's own exception
     */
    public record Failure(Subtask<?> subtask, Throwable exception) {}

    /**
     * Makes one.
     *
     * @param origin the scope that throws it
     */
    ScopeFailedException(
            Object origin,
            String message,
            @Nullable Throwable cause,
            List<Failure> failures,
            @Nullable CancelReason cancelReason) {
        super(message, cause);
        this.origin = origin;
        this.failures = List.copyOf(failures);
        this.cancelReason = cancelReason;
        failures.stream()
                .map(Failure::exception)
                .filter(other -> other != cause)
                .limit(MAX_SUPPRESSED)
                .forEach(this::addSuppressed);
    }

    boolean isOf(Object scope) {
        return origin == scope;
    }

    /**
     * Every failure so far, in the order in which they happened; empty if the scope was merely cancelled, or this
     * exception came out of a stream of objects. Unmodifiable.
     */
    public List<Failure> failures() {
        return failures == null ? List.of() : failures; // null after deserialization: handles stay at home
    }

    /**
     * Every failure, also those in scopes inside: in place of each exception by which such a scope told of its failures stand these
     * failures themselves. Each exception stands in it once, at its first place.
     */
    public List<Failure> allFailures() {
        Set<Throwable> told = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Failure> all = new ArrayList<>();
        Deque<Failure> open = new ArrayDeque<>(failures());
        for (Failure next = open.poll(); next != null; next = open.poll()) {
            if (!told.add(next.exception())) {
                continue;
            }
            List<Failure> inside =
                    next.exception() instanceof ScopeFailedException nested ? nested.failures() : List.of();
            if (inside.isEmpty()) {
                all.add(next);
            }
            for (int i = inside.size() - 1; i >= 0; i--) {
                open.push(inside.get(i));
            }
        }
        return List.copyOf(all);
    }

    /** Why the scope was cancelled; empty if it was not. */
    public Optional<CancelReason> cancelReason() {
        return Optional.ofNullable(cancelReason);
    }
}
