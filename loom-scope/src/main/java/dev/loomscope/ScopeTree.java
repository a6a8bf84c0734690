package dev.loomscope;

import java.util.ArrayList;
import java.util.List;
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

    private static final ThreadLocal<@Nullable ScopePlace> innermost = new ThreadLocal<>();

    private final NurseryScope<?, ?> scope;
    private final @Nullable ScopePlace around = innermost.get();
    private final Set<NurseryScope<?, ?>> nested = ConcurrentHashMap.newKeySet();

    /** Makes the place of a scope that the calling thread opens. */
    ScopeTree(NurseryScope<?, ?> scope) {
        this.scope = scope;
    }

    /** The innermost place of the calling thread; null for none. */
    static @Nullable ScopePlace here() {
        return innermost.get();
    }

    /** The calling thread begins to run a subtask. */
    static void enter(ScopedSubtask<?> subtask) {
        innermost.set(subtask);
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
        innermost.set(this);
        NurseryScope<?, ?> enclosing = enclosing();
        if (enclosing != null) {
            enclosing.tree().nested.add(scope);
        }
    }

    /** The owner leaves the scope. */
    void close() {
        NurseryScope<?, ?> enclosing = enclosing();
        if (enclosing != null) {
            enclosing.tree().nested.remove(scope);
        }
        if (innermost.get() != this) {
            return; // closed out of order: the scope inside comes later
        }
        if (around == null) {
            innermost.remove();
        } else {
            innermost.set(around);
        }
    }

    /** Whether the calling thread is below this scope: runs a subtask of it, or of a scope inside it. */
    boolean containsCurrentThread() {
        for (ScopePlace place = innermost.get(); place != null; place = place.around()) {
            if (place == this) {
                return true;
            }
        }
        return false;
    }

    /** The scopes that the calling thread has opened inside this one and not closed yet, the innermost first. */
    List<NurseryScope<?, ?>> openInside() {
        List<NurseryScope<?, ?>> inside = new ArrayList<>();
        for (ScopePlace place = innermost.get(); place != null && place != this; place = place.around()) {
            if (place instanceof ScopeTree tree && tree.scope.isOwner()) {
                inside.add(tree.scope);
            }
        }
        return inside;
    }

    void forEachNested(Consumer<NurseryScope<?, ?>> action) {
        nested.forEach(action);
    }
}
