package dev.loomscope;

import dev.loomscope.core.CurrentTask;
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

    /**
     * Why code that stands at {@code start} is to stop: the reason of the innermost place that has one, up to a shield; in a worker process also
     * that of the CPU task there.
     */
    static @Nullable CancelReason cancelledAround(@Nullable ScopePlace start) {
        CurrentTask worker = start == null ? CurrentTask.current() : null;
        for (ScopePlace place = start; place != null; place = place.around()) {
            CancelReason reason = place.cancelled();
            if (place instanceof Shield || reason != null) {
                return reason;
            }
            worker = place instanceof ScopeTree tree ? tree.workerTask() : null;
        }
        return worker == null || !worker.isCancelled()
                ? null
                : CancelReason.of(
                        CancelReason.Source.PARENT, worker.cancelReason().orElse("its CPU task was cancelled"));
    }
}
