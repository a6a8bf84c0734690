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
 * <p>Each thread knows its innermost scope: the one that it has opened last, or else the one whose subtask it runs.
 */
final class ScopeTree {

    private static final ThreadLocal<@Nullable ScopeTree> innermost = new ThreadLocal<>();

    private final NurseryScope<?, ?> scope;
    private final @Nullable ScopeTree enclosing = innermost.get();
    private final Set<NurseryScope<?, ?>> nested = ConcurrentHashMap.newKeySet();

    /** Makes the place of a scope that the calling thread opens. */
    ScopeTree(NurseryScope<?, ?> scope) {
        this.scope = scope;
    }

    /** The scope around this one; null for none. */
    @Nullable
    NurseryScope<?, ?> enclosing() {
        return enclosing == null ? null : enclosing.scope;
    }

    /** The calling thread is from now on below this scope. */
    void enter() {
        innermost.set(this);
    }

    /** The owner has opened the scope. */
    void open() {
        enter();
        if (enclosing != null) {
            enclosing.nested.add(scope);
        }
    }

    /** The owner leaves the scope. */
    void close() {
        if (enclosing != null) {
            enclosing.nested.remove(scope);
        }
        if (innermost.get() != this) {
            return; // closed out of order: the scope inside comes later
        }
        if (enclosing == null) {
            innermost.remove();
        } else {
            innermost.set(enclosing);
        }
    }

    /** Whether the calling thread is below this scope: runs a subtask of it, or of a scope inside it. */
    boolean containsCurrentThread() {
        for (ScopeTree place = innermost.get(); place != null; place = place.enclosing) {
            if (place == this) {
                return true;
            }
        }
        return false;
    }

    /** The scopes that the calling thread has opened inside this one and not closed yet, the innermost first. */
    List<NurseryScope<?, ?>> openInside() {
        List<NurseryScope<?, ?>> inside = new ArrayList<>();
        for (ScopeTree place = innermost.get(); place != null && place != this; place = place.enclosing) {
            if (place.scope.isOwner()) {
                inside.add(place.scope);
            }
        }
        return inside;
    }

    void forEachNested(Consumer<NurseryScope<?, ?>> action) {
        nested.forEach(action);
    }
}
