package dev.loomscope;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.DeadlineExceededException.Unfinished;
import dev.loomscope.ScopeFailedException.Failure;
import dev.loomscope.Subtask.State;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a scope has come to: its failures, what its joiner makes of them, and the exceptions that say so. */
final class ScopeOutcome<T extends @Nullable Object, R extends @Nullable Object> {

    private static final int MAX_CAUSES = 32;

    private final String scope;
    private final Joiner<? super T, ? extends R> joiner;
    private final Supplier<@Nullable CancelReason> cancelReason;
    private final Failures failures = new Failures();
    private final AtomicReference<@Nullable Throwable> joinerProblem = new AtomicReference<>(); // thrown by onComplete
    private volatile List<Unfinished> unfinished = List.of(); // set once, before the cancel by the deadline
    private volatile List<String> cutInside = List.of(); // set once, before the cancel by the deadline
    private volatile boolean cutByDeadline; // any thread; never goes back to false
    private volatile boolean untold; // any thread; whether something failed of which nobody was told

    ScopeOutcome(String scope, Joiner<? super T, ? extends R> joiner, Supplier<@Nullable CancelReason> cancelReason) {
        this.scope = scope;
        this.joiner = Objects.requireNonNull(joiner, "joiner");
        this.cancelReason = cancelReason;
    }

    // The joiner was declared for a supertype of T, and every subtask of this scope has a result of a subtype of T, or
    // none.
    @SuppressWarnings("unchecked")
    private Joiner<@Nullable Object, ? extends R> joiner() {
        return (Joiner<@Nullable Object, ? extends R>) joiner;
    }

    /** Whether the joiner is one of ours that runs no code of users, and that no success makes cancel. */
    boolean isQuiet() {
        return joiner instanceof AwaitAllSuccessful || joiner instanceof AllSuccessful || joiner instanceof AwaitAll;
    }

    /** Tells the joiner of a fork; what it throws is for who forks. Returns whether it has enough. */
    boolean onFork(ScopedSubtask<?> subtask) {
        return subtask.concernsJoiner() && joiner().onFork(subtask);
    }

    /** A subtask fails. */
    void onFailing(ScopedSubtask<?> subtask, Throwable thrown) {
        failures.add(subtask, thrown);
        untold = true;
    }

    /**
     * The deadline has passed.
     *
     * @param stillThere subtasks that had not ended
     * @param stillOpen the names of scopes that the owner had opened inside
     */
    void onDeadline(List<Unfinished> stillThere, List<String> stillOpen) {
        unfinished = stillThere;
        cutInside = stillOpen;
    }

    private boolean hasCut() {
        return cutByDeadline || !unfinished.isEmpty() || !cutInside.isEmpty();
    }

    /** A subtask has ended. Returns why the scope is to be cancelled; null if that is no reason. */
    @Nullable
    CancelReason onEnded(ScopedSubtask<?> subtask) {
        if (subtask.state() == State.CANCELLED && subtask.cancelSource() == Source.DEADLINE) {
            cutByDeadline = true;
        }
        if (!subtask.concernsJoiner()) {
            return null;
        }
        boolean enough;
        try {
            enough = joiner().onComplete(subtask);
        } catch (Throwable e) { // a joiner is user code: what it throws is a failure like one of the subtask itself
            onFailing(subtask, e);
            joinerProblem.compareAndSet(null, e);
            return CancelReason.failure(subtask);
        }
        if (!enough) {
            return null;
        }
        return subtask.state() == State.FAILED
                ? CancelReason.failure(subtask)
                : CancelReason.of(Source.JOINER, "the joiner has enough with " + subtask.describe());
    }

    /** What {@code join} returns or throws once all have ended. */
    R conclude() throws ScopeFailedException {
        untold = false;
        CancelReason reason = cancelReason.get();
        if (reason != null && reason.source() == Source.DEADLINE && hasCut()) {
            throw deadlineExceeded(reason, "forked too late: nothing was running");
        }
        Throwable problem = joinerProblem.get();
        if (problem == null) {
            try {
                return joiner.result();
            } catch (Throwable e) {
                problem = joiner instanceof ThrowsFirstFailure ? failures.firstIfAmong(e) : e;
            }
        }
        throw failure(ScopeMessages.failed(scope, problem, failures.toList(), reason), problem);
    }

    private DeadlineExceededException deadlineExceeded(CancelReason reason, String orElse) {
        List<Failure> all = failures.toList();
        Throwable cause = all.isEmpty() ? null : all.get(0).exception();
        return new DeadlineExceededException(
                this,
                ScopeMessages.deadline(scope, unfinished, cutInside, all, orElse),
                cause,
                all,
                reason,
                unfinished);
    }

    /** What {@code call} throws if its body, and perhaps nothing else, was cut short by the cancel. */
    ScopeFailedException bodyCutShort() {
        CancelReason reason = cancelReason.get();
        return reason != null && reason.source() == Source.DEADLINE
                ? deadlineExceeded(reason, "its body was interrupted")
                : cancelled("the body of scope '%s' was interrupted: %s".formatted(scope, reason));
    }

    /** What {@code join} and {@code await} throw for {@code cause}. */
    ScopeFailedException failure(String message, @Nullable Throwable cause) {
        return new ScopeFailedException(this, message, cause, failures.toList(), cancelReason.get());
    }

    /** What {@code await} throws if there is no outcome: the cause is the first failure if that is why. */
    ScopeFailedException cancelled(String message) {
        List<Failure> all = failures.toList();
        return failure(
                message,
                all.isEmpty() ? new CancellationException(message) : all.get(0).exception());
    }

    /** Everything that has failed so far, as one exception that somebody is going to tell; null if nothing has. */
    @Nullable
    ScopeFailedException tell() {
        untold = false;
        List<Failure> all = failures.toList();
        if (all.isEmpty()) {
            return null;
        }
        Throwable first = all.get(0).exception();
        return failure(ScopeMessages.failed(scope, first, all, cancelReason.get()), first);
    }

    /** Whether something has failed of which nobody was told yet. */
    boolean isUntold() {
        return untold;
    }

    /** Whether {@code thrown} came out of this scope: one of its exceptions, or what one of its tasks threw. */
    boolean isOwn(Throwable thrown) {
        return thrown instanceof ScopeFailedException own && own.isOf(this);
    }

    /** Whether {@code thrown} is what a task threw, or a cause of it: nothing that leads back to it may be hung on it. */
    boolean isOfTask(Throwable thrown) {
        return failures.toList().stream().anyMatch(failure -> isOrCauses(thrown, failure.exception()));
    }

    private static boolean isOrCauses(Throwable thrown, Throwable failure) {
        Throwable next = failure;
        try {
            for (int i = 0; i < MAX_CAUSES && next != null; i++) {
                if (next == thrown) {
                    return true;
                }
                next = next.getCause();
            }
            return false;
        } catch (Throwable e) { // getCause is code of users: better nothing is hung on it
            return true;
        }
    }

    /** Whether anything but {@code thrown} has failed. */
    boolean hasOtherThan(Throwable thrown) {
        return failures.toList().stream().anyMatch(failure -> failure.exception() != thrown);
    }
}
