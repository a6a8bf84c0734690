package dev.loomscope;

import dev.loomscope.core.CurrentTask;
import dev.loomscope.core.TaskAction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where a scope stands among the others: the one around it, those opened inside it, and which threads are below it.
 *
 * <p>Each thread knows its innermost place: the scope that it has opened last, or else the subtask that it runs.
 */
final class ScopeTree implements ScopePlace {

    // Of threads that have opened a scope or raised a shield; the subtask that a thread runs is found without.
    private static final ThreadLocal<@Nullable ScopePlace> innermost = new ThreadLocal<>();
    private static final Set<NurseryScope<?, ?>> outermost = ConcurrentHashMap.newKeySet();

    private final NurseryScope<?, ?> scope;
    private final @Nullable ScopePlace around = here();
    private final @Nullable CurrentTask workerTask = around == null ? CurrentTask.current() : null;
    private final Set<NurseryScope<?, ?>> nested = ConcurrentHashMap.newKeySet();

    /** Makes the place of a scope that the calling thread opens. */
    ScopeTree(NurseryScope<?, ?> scope) {
        this.scope = scope;
    }

    /** The innermost place of the calling thread; null for none. */
    static @Nullable ScopePlace here() {
        ScopePlace opened = innermost.get();
        return opened != null ? opened : ScopedSubtask.current();
    }

    /** From now on this is the innermost place of the calling thread. */
    static void stand(ScopePlace place) {
        innermost.set(place);
    }

    /** The calling thread stands nowhere any more, whatever its code has left open. */
    static void forget() {
        innermost.remove();
    }

    /** The calling thread leaves a place; if it is not the innermost, it was left out of order, and nothing changes. */
    static void leave(ScopePlace place) {
        if (innermost.get() != place) {
            return;
        }
        ScopePlace around = place.around();
        while (around != null
                && isOver(around)) { // left out of order: a scope forgotten behind a shield, or closed behind one
            around = around.around();
        }
        if (around == null || around == ScopedSubtask.current()) {
            innermost.remove();
        } else {
            innermost.set(around);
        }
    }

    private static boolean isOver(ScopePlace place) {
        return switch (place) {
            case Shield shield -> shield.isOver();
            case ScopeTree tree -> tree.scope.isClosed();
            case ScopedSubtask<?> subtask -> false;
        };
    }

    @Override
    public @Nullable ScopePlace around() {
        return around;
    }

    /** The scope around this one; null for none. */
    @Nullable
    NurseryScope<?, ?> enclosing() {
        for (ScopePlace place = around; place != null; place = place.around()) {
            if (place instanceof ScopeTree tree) {
                return tree.scope;
            }
        }
        return null;
    }

    /** The owner has opened the scope. */
    void open() {
        ScopedSubtask<?> opener = openedBy();
        if (opener != null) {
            opener.opensScope();
        }
        stand(this);
        siblings().add(scope);
    }

    /** The scopes of this JVM that stand in no other. */
    static Set<NurseryScope<?, ?>> outermost() {
        return Collections.unmodifiableSet(outermost);
    }

    private Set<NurseryScope<?, ?>> siblings() {
        NurseryScope<?, ?> enclosing = enclosing();
        return enclosing == null ? outermost : enclosing.tree().nested;
    }

    /** The owner leaves the scope. */
    void close() {
        siblings().remove(scope);
        leave(this);
    }

    @Override
    public @Nullable CancelReason cancelled() {
        return scope.cancelled();
    }

    /** The deadline of the CPU task in whose worker process this scope is the outermost; null for none. */
    @Nullable
    Deadline deadlineOfWorker() {
        return workerTask == null || workerTask.deadlineNanos().isEmpty()
                ? null
                : Deadline.atNanoTime(workerTask.deadlineNanos().getAsLong());
    }

    /** The CPU task in whose worker process this scope is the outermost; null for none. */
    @Nullable
    CurrentTask workerTask() {
        return workerTask;
    }

    /** Runs {@code hook} when the scope is cancelled; at once if it was. */
    CancelHook addHook(TaskAction hook) {
        return scope.cancelling().addHook(hook);
    }

    /** What interrupts the owner; empty if nothing does. */
    Optional<BodyInterrupt> bodyInterrupt() {
        return Optional.ofNullable(scope.cancelling().body());
    }

    /** The subtask whose thread has opened this scope; null if it was none, or stands in a scope of the same thread. */
    @Nullable
    ScopedSubtask<?> openedBy() {
        ScopePlace place = around;
        while (place instanceof Shield) {
            place = place.around();
        }
        return place instanceof ScopedSubtask<?> subtask ? subtask : null;
    }

    /** Whether a shield stands between this scope and the one around it. */
    boolean isShielded() {
        ScopePlace place = around;
        while (place != null && !(place instanceof ScopeTree)) {
            if (place instanceof Shield) {
                return true;
            }
            place = place.around();
        }
        return false;
    }

    /** Whether the calling thread is below this scope: runs a subtask of it, or of a scope inside it. */
    boolean containsCurrentThread() {
        for (ScopePlace place = here(); place != null; place = place.around()) {
            if (place == this) {
                return true;
            }
            if (place instanceof ScopedSubtask<?> subtask && subtask.hasEndedElsewhere()) {
                return false;
            }
        }
        return false;
    }

    /** The scopes that the calling thread has opened inside this one and not closed yet, the innermost first. */
    List<NurseryScope<?, ?>> openInside() {
        return openInside(this);
    }

    /** As {@link #openInside()}, inside any place. */
    static List<NurseryScope<?, ?>> openInside(ScopePlace outer) {
        List<NurseryScope<?, ?>> inside = new ArrayList<>();
        for (ScopePlace place = here(); place != null && place != outer; place = place.around()) {
            if (place instanceof ScopeTree tree && tree.scope.isOwner()) {
                inside.add(tree.scope);
            }
        }
        return inside;
    }

    /** Whether this scope was cancelled, or one that the calling thread has opened inside it; behind a shield, only those there. */
    boolean isCancelledForCaller() {
        for (ScopePlace place = here(); place != null; place = place.around()) {
            if (place instanceof Shield) {
                return false;
            }
            if (place instanceof ScopeTree tree
                    && tree.cancelled() != null
                    && (place == this || tree.scope.isOwner())) {
                return true;
            }
            if (place == this) {
                return false;
            }
        }
        return scope.isOwner() && cancelled() != null;
    }

    /** Calls {@code action} with the scopes opened inside this one. */
    void forEachNested(Consumer<NurseryScope<?, ?>> action) {
        nested.forEach(action);
    }
}
