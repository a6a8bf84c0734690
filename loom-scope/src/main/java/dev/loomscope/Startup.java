package dev.loomscope;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The start of a subtask that {@link MixedScope#start} waits for. Thread-safe. */
final class Startup<V extends @Nullable Object> implements Readiness<V> {

    private final NurseryScope<?, ?> scope;
    private final ScopedSubtask<@Nullable Void> subtask;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.STARTING);
    private final AtomicBoolean said = new AtomicBoolean(); // whether started was called
    private @Nullable V value; // written before READY

    /** How far it is. It leaves STARTING once. */
    private enum Phase {
        /** The caller waits. */
        STARTING,
        /** The task has said that it is ready. */
        READY,
        /** The task has failed before, which is the caller's. */
        FAILED,
        /** The caller waits no more: from now on a failure is the scope's. */
        LEFT
    }

    Startup(NurseryScope<?, ?> scope, ScopedSubtask<@Nullable Void> subtask) {
        this.scope = scope;
        this.subtask = subtask;
    }

    @Override
    public void started(V newValue) {
        if (!said.compareAndSet(false, true)) {
            throw new IllegalStateException(subtask.describe() + " has said before that it is ready");
        }
        value = newValue;
        leave(Phase.READY);
        subtask.wakeAwaiting();
    }

    private boolean leave(Phase next) {
        return phase.compareAndSet(Phase.STARTING, next);
    }

    private boolean isReady() {
        return phase.get() == Phase.READY;
    }

    /** The task has failed: whether the caller is told, and not the scope. The answer stays. */
    boolean failsForCaller() {
        return leave(Phase.FAILED) || phase.get() == Phase.FAILED;
    }

    /** Waits until the task is ready; whoever cannot wait for it does not want it any more. */
    @SuppressWarnings("NullAway") // the value is written before READY, with what the task gave: a V
    Started<V> await() throws InterruptedException, ScopeFailedException {
        try {
            subtask.awaitEndOr(this::isReady);
        } catch (InterruptedException | LimiterDeadlockException e) {
            boolean left = leave(Phase.LEFT); // first, so that what the cancel brings about is the scope's
            subtask.cancel();
            if (!left && !isReady()) {
                awaitFailure();
                e.addSuppressed(subtask.exceptionOrNull()); // nobody else is told
            }
            throw e;
        }
        if (!leave(Phase.LEFT) && isReady()) {
            return new Started<>(value, subtask);
        }
        awaitFailure();
        ScopeFailedException why = notReady();
        if (subtask.state() == Subtask.State.UNAVAILABLE && scope.cancelReason().isEmpty()) {
            subtask.cancel(); // the caller was called away by a cancel that does not reach the task
        }
        throw why;
    }

    // One that fails for the caller is about to have ended.
    private void awaitFailure() {
        while (phase.get() == Phase.FAILED && subtask.state() == Subtask.State.UNAVAILABLE) {
            Thread.yield();
        }
    }

    private ScopeFailedException notReady() {
        String what = subtask.describe();
        Throwable thrown = subtask.exceptionOrNull();
        return switch (subtask.state()) {
            case FAILED ->
                scope.outcome()
                        .failure("%s failed before it was ready: %s".formatted(what, SafeText.of(thrown)), thrown);
            case SUCCESS -> {
                String text = what + " returned before it had said that it is ready";
                yield scope.outcome().failure(text, new IllegalStateException(text));
            }
            case CANCELLED ->
                scope.outcome()
                        .cancelled("%s was cancelled before it was ready: %s".formatted(what, subtask.cancelled()));
            case UNAVAILABLE -> scope.cancelledForCaller(what);
        };
    }

    @Override
    public String toString() {
        return "Readiness[%s, %s]".formatted(subtask.name(), phase);
    }
}
