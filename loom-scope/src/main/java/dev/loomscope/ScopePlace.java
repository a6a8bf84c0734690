package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** Where a thread stands: in a subtask that it runs, or in a scope that it has opened. A place knows the one around it. */
sealed interface ScopePlace permits ScopeTree, ScopedSubtask {

    /** The place around this one; null for none. */
    @Nullable
    ScopePlace around();
}
