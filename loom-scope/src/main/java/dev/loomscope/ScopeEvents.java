package dev.loomscope;

import dev.loomscope.Subtask.State;
import dev.loomscope.event.EventStream;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeListener;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Tells the listeners of a scope what happens in it. */
final class ScopeEvents {

    private final String scope;
    private final EventStream stream;

    ScopeEvents(String scope, List<ScopeListener> listeners) {
        this.scope = scope;
        this.stream = new EventStream(listeners);
    }

    void opened() {
        stream.publish(() -> new ScopeEvent.ScopeOpened(Instant.now(), scope));
    }

    void cancelled(CancelReason reason) {
        stream.publish(() -> new ScopeEvent.ScopeCancelled(Instant.now(), scope, reason.text()));
    }

    void closed() {
        stream.publish(() -> new ScopeEvent.ScopeClosed(Instant.now(), scope));
    }

    void forked(ScopedSubtask<?> subtask) {
        stream.publish(() ->
                new ScopeEvent.SubtaskForked(subtask.queuedAt(), scope, subtask.name(), subtask.id(), subtask.kind()));
    }

    void queued(ScopedSubtask<?> subtask) {
        stream.publish(
                () -> new ScopeEvent.SubtaskQueued(Instant.now(), scope, subtask.name(), subtask.id(), subtask.kind()));
    }

    void started(ScopedSubtask<?> subtask) {
        stream.publish(() -> new ScopeEvent.SubtaskStarted(
                subtask.startedAt().orElseThrow(),
                scope,
                subtask.name(),
                subtask.id(),
                subtask.kind(),
                Objects.requireNonNull(subtask.runner(), "runner")));
    }

    void progress(ScopedSubtask<?> subtask, double fraction, String message) {
        stream.publish(() -> new ScopeEvent.SubtaskProgress(
                Instant.now(), scope, subtask.name(), subtask.id(), subtask.kind(), fraction, message));
    }

    void ended(ScopedSubtask<?> subtask, @Nullable Throwable thrown) {
        stream.publish(
                () -> subtask.state() == State.CANCELLED ? cancelledEvent(subtask) : finishedEvent(subtask, thrown));
    }

    private ScopeEvent cancelledEvent(ScopedSubtask<?> subtask) {
        return new ScopeEvent.SubtaskCancelled(
                subtask.endedAt().orElseThrow(),
                scope,
                subtask.name(),
                subtask.id(),
                subtask.kind(),
                subtask.cancelReason().map(CancelReason::text).orElse(""));
    }

    private ScopeEvent finishedEvent(ScopedSubtask<?> subtask, @Nullable Throwable thrown) {
        return new ScopeEvent.SubtaskFinished(
                subtask.endedAt().orElseThrow(), scope, subtask.name(), subtask.id(), subtask.kind(), thrown);
    }
}
