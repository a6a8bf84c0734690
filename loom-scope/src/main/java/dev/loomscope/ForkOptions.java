package dev.loomscope;

import dev.loomscope.core.TaskKind;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How subtasks are forked through a view of a scope.
 *
 * @param policy what a cancel does to them; null for what the scope says
 * @param daemon whether they end with the others instead of being waited for
 */
record ForkOptions(@Nullable CancelPolicy policy, boolean daemon) {

    static final ForkOptions DEFAULT = new ForkOptions(null, false);

    ForkOptions withPolicy(CancelPolicy newPolicy) {
        return new ForkOptions(Objects.requireNonNull(newPolicy, "policy"), daemon);
    }

    ForkOptions asDaemon() {
        return new ForkOptions(policy, true);
    }

    /**
     * Returns the policy for a subtask of this kind.
     *
     * @throws IllegalArgumentException if the kind has no such policy
     */
    CancelPolicy policyOf(TaskKind kind, ScopeConfig config) {
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
