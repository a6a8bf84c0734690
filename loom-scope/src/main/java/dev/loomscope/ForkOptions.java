package dev.loomscope;

import dev.loomscope.core.TaskKind;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How subtasks are forked through a view of a scope.
 *
 * @param policy what a cancel does to them; null for what the scope says
 * @param daemon whether they end with the others instead of being waited for
 * @param heapMiB the heap that they need at least, in MiB; 0 for that of the pool
 */
record ForkOptions(@Nullable CancelPolicy policy, boolean daemon, int heapMiB) {

    static final ForkOptions DEFAULT = new ForkOptions(null, false, 0);

    ForkOptions withPolicy(CancelPolicy newPolicy) {
        return new ForkOptions(Objects.requireNonNull(newPolicy, "policy"), daemon, heapMiB);
    }

    ForkOptions asDaemon() {
        return new ForkOptions(policy, true, heapMiB);
    }

    ForkOptions withHeap(int newHeapMiB) {
        if (newHeapMiB < 1) {
            throw new IllegalArgumentException("a task needs a heap of at least 1 MiB, not " + newHeapMiB);
        }
        return new ForkOptions(policy, daemon, newHeapMiB);
    }

    /**
     * Returns what a subtask of this kind is like.
     *
     * @param outside as in {@link SubtaskTraits}
     * @throws IllegalArgumentException if the kind has no heap or no policy of this sort
     */
    SubtaskTraits traitsOf(TaskKind kind, ScopeConfig config, boolean outside) {
        ensureHeapIsFor(kind);
        return SubtaskTraits.of(kind, policyOf(kind, config), daemon, outside);
    }

    private void ensureHeapIsFor(TaskKind kind) {
        if (heapMiB > 0 && kind != TaskKind.CPU) {
            throw new IllegalArgumentException(
                    "a task of kind %s runs in the heap of this JVM: only CPU tasks can have one of %s MiB"
                            .formatted(kind, heapMiB));
        }
    }

    private CancelPolicy policyOf(TaskKind kind, ScopeConfig config) {
        if (policy == null) {
            return kind == TaskKind.BLOCKING ? config.blockingCancelPolicy() : CancelPolicy.INTERRUPT;
        }
        boolean possible = switch (policy) {
            case INTERRUPT -> true;
            case WAIT -> kind != TaskKind.CPU;
            case ABANDON -> kind == TaskKind.BLOCKING;
        };
        if (!possible) {
            throw new IllegalArgumentException(
                    "a cancel cannot %s a task of kind %s: INTERRUPT is for every kind, WAIT for IO and BLOCKING, ABANDON for BLOCKING"
                            .formatted(policy, kind));
        }
        return policy;
    }
}
