package dev.loomscope;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.core.TaskAction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The cancel of a scope: why, and how it reaches the subtasks and the scopes inside. The first counts. Thread-safe. */
final class ScopeCancel {

    private static final Logger log = LoggerFactory.getLogger(NurseryScope.class);

    private final NurseryScope<?, ?> scope;
    private final Subtasks subtasks;
    private final ScopeEvents events;
    private final CompletionQueues<?> completions;
    private final @Nullable BodyInterrupt body;
    private final CancelHooks hooks;
    private final AtomicReference<@Nullable CancelReason> reason = new AtomicReference<>();
    private volatile @Nullable Runnable wakeOwner; // owner thread; while it waits in a scope around

    ScopeCancel(
            NurseryScope<?, ?> scope,
            Subtasks subtasks,
            ScopeEvents events,
            CompletionQueues<?> completions,
            @Nullable BodyInterrupt body) {
        this.scope = scope;
        this.subtasks = subtasks;
        this.events = events;
        this.completions = completions;
        this.body = body;
        this.hooks = new CancelHooks("scope '" + scope.name() + "'");
    }

    /** Why the scope is cancelled; null if it is not. */
    @Nullable
    CancelReason reason() {
        return reason.get();
    }

    /** Whether what cancelled it was the cancel of the scope around. */
    boolean isFromOutside() {
        CancelReason own = reason.get();
        return own != null && own.source() == Source.PARENT;
    }

    /** Why its subtasks are to stop, also if the cancel is only on its way down to them; null if they are not. */
    @Nullable
    CancelReason reasonForSubtasks() {
        CancelReason own = reason.get();
        if (own != null) {
            return own;
        }
        CancelReason outer = ScopePlace.cancelledAround(scope.tree().around());
        return outer == null ? null : outer.passedOn();
    }

    /**
     * Cancels the scope, and those inside. All are marked before anything stops: whoever ends because of it finds why. Without
     * recursion, since scopes may stand in each other thousands deep.
     */
    void cancel(CancelReason newReason) {
        if (!mark(newReason)) {
            return;
        }
        List<ScopeCancel> marked = new ArrayList<>(List.of(this));
        CancelReason passedOn = newReason.passedOn();
        for (int i = 0; i < marked.size(); i++) { // it grows meanwhile
            marked.get(i).scope.tree().forEachNested(nested -> {
                if (!nested.tree().isShielded() && nested.cancelling().mark(passedOn)) {
                    marked.add(nested.cancelling());
                }
            });
        }
        marked.reversed().forEach(each -> each.stop(each == this ? newReason : passedOn));
    }

    private boolean mark(CancelReason newReason) {
        if (scope.isClosed() || !reason.compareAndSet(null, newReason)) {
            return false;
        }
        if (body != null) {
            body.announce();
        }
        guard(scope::toString, () -> log.debug("scope '{}' is cancelled: {}", scope.name(), newReason));
        events.cancelled(newReason);
        return true;
    }

    private void stop(CancelReason newReason) {
        guard(scope::toString, hooks::run);
        subtasks.forEach(subtask -> guard(subtask::describe, () -> subtask.cancel(newReason)));
        subtasks.forEach(ScopedSubtask::wakeAwaiting);
        completions.wake();
        Runnable wake = wakeOwner;
        if (wake != null) {
            wake.run();
        }
        if (body != null) {
            guard(scope::toString, body::deliver);
        }
    }

    // What goes wrong with one, in a channel that an interrupt closes say, must not keep the cancel from the others.
    private static void guard(Supplier<String> what, Runnable stop) {
        try {
            stop.run();
        } catch (OutOfMemoryError e) {
            // there may be no memory to say so either, and the others are to be stopped
        } catch (Throwable e) {
            SafeText.error(log, "%s could not be cancelled as it should".formatted(what.get()), e);
        }
    }

    /** The scope or subtask around is cancelled. */
    void fromOutside(CancelReason outer) {
        if (!scope.tree().isShielded()) {
            cancel(outer.passedOn());
        }
    }

    /** A subtask that runs is being cancelled, alone or with the scope: so are the scopes that it has opened. */
    void fromSubtask(ScopedSubtask<?> subtask, CancelReason ofSubtask) {
        if (reason.get() == null) { // or else they know
            scope.tree().forEachNested(nested -> {
                if (ScopePlace.subtaskAround(nested.tree().around()) == subtask) {
                    nested.cancelling().fromOutside(ofSubtask);
                }
            });
        }
    }

    /** Runs {@code hook} when the scope is cancelled; at once if it was. */
    CancelHook addHook(TaskAction hook) {
        return hooks.add(hook);
    }

    /** The scope is closed: no hook runs any more. */
    void endHooks() {
        hooks.end();
    }

    /** What a cancel is to call while the owner waits in a scope around this one; null when it does not. Owner thread only. */
    void wakeOwnerBy(@Nullable Runnable wake) {
        wakeOwner = wake;
    }

    /** What interrupts the owner; null if nothing does. */
    @Nullable
    BodyInterrupt body() {
        return body;
    }
}
