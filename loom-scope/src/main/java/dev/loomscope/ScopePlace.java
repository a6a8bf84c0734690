package dev.loomscope;

import org.jspecify.annotations.Nullable;

/**
 * Where a thread stands: in a subtask that it runs, in a scope that it has opened, or behind a shield. A place knows the one around
 * it.
 */
sealed interface ScopePlace permits ScopeTree, ScopedSubtask, Shield {

    /** The place around this one; null for none. */
    @Nullable
    ScopePlace around();

    /** Why whatever stands here is to stop, as far as this place alone knows; null if it is not. */
    @Nullable
    CancelReason cancelled();

    /** The innermost subtask around {@code start}; null for none. */
    static @Nullable ScopedSubtask<?> subtaskAround(@Nullable ScopePlace start) {
        for (ScopePlace place = start; place != null; place = place.around()) {
            if (place instanceof ScopedSubtask<?> subtask) {
                return subtask;
            }
        }
        return null;
    }

    /** Why code that stands at {@code start} is to stop: the reason of the innermost place that has one, up to a shield. */
    static @Nullable CancelReason cancelledAround(@Nullable ScopePlace start) {
        for (ScopePlace place = start; place != null && !(place instanceof Shield); place = place.around()) {
            CancelReason reason = place.cancelled();
            if (reason != null) {
                return reason;
            }
        }
        return null;
    }
}
