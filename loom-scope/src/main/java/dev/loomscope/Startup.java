package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** The start of a subtask that {@link MixedScope#start} waits for. Thread-safe. */
final class Startup<V extends @Nullable Object> implements Readiness<V> {

    private final NurseryScope<?, ?> scope;
    private final ScopedSubtask<@Nullable Void> subtask;
    private @Nullable V value; // written before ready
    private volatile boolean ready; // by the task, once
    private volatile boolean deserted; // by the caller, once; it has left before the task was ready

    Startup(NurseryScope<?, ?> scope, ScopedSubtask<@Nullable Void> subtask) {
        this.scope = scope;
        this.subtask = subtask;
    }

    @Override
    public void started(V newValue) {
        if (ready) {
            throw new IllegalStateException(subtask.describe() + " has said before that it is ready");
        }
        value = newValue;
        ready = true;
        subtask.wakeAwaiting();
    }

    /** Whether what goes wrong is the scope's: nobody waits in {@code start} any more. */
    boolean isOver() {
        return ready || deserted;
    }

    /** Waits until the task is ready; a caller who is called away, by an interrupt or a cancel, does not want it any more. */
    @SuppressWarnings("NullAway") // the value is written before ready, with what the task gave: a V
    Started<V> await() throws InterruptedException, ScopeFailedException {
        try {
            subtask.awaitEndOr(this::isOver);
        } catch (InterruptedException e) {
            deserted = true;
            subtask.cancel();
            throw e;
        }
        if (ready) {
            return new Started<>(value, subtask);
        }
        deserted = subtask.state() == Subtask.State.UNAVAILABLE; // a cancel calls the caller away
        ScopeFailedException why = notReady();
        if (deserted && scope.cancelReason().isEmpty()) {
            subtask.cancel(); // else its scope does, for its own reason
        }
        throw why;
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
        return "Readiness[%s, %s]".formatted(subtask.name(), ready ? "ready" : "starting");
    }
}
