package dev.loomscope;

import dev.loomscope.core.TaskKind;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * What many subtasks have in common, so that each has one reference to it.
 *
 * @param kind where they run
 * @param policy what a cancel does to them
 * @param daemon whether they end with the others instead of being waited for
 */
record SubtaskTraits(TaskKind kind, CancelPolicy policy, boolean daemon) {

    private static final int POLICIES = CancelPolicy.values().length;
    private static final SubtaskTraits[] ALL = Arrays.stream(TaskKind.values())
            .flatMap(kind -> Arrays.stream(CancelPolicy.values())
                    .flatMap(policy -> Stream.of(false, true).map(daemon -> new SubtaskTraits(kind, policy, daemon))))
            .toArray(SubtaskTraits[]::new);

    /** Returns the one object for these. */
    @SuppressWarnings("EnumOrdinal") // an index that nobody else sees, in every fork
    static SubtaskTraits of(TaskKind kind, CancelPolicy policy, boolean daemon) {
        return ALL[(kind.ordinal() * POLICIES + policy.ordinal()) * 2 + (daemon ? 1 : 0)];
    }

    /** Whether the thread of such a subtask is a platform thread. */
    boolean needsPlatformThread() {
        return kind == TaskKind.BLOCKING && policy != CancelPolicy.ABANDON;
    }

    /** Whether that thread runs the code, and does not just wait for who does. */
    boolean runsOnItsThread() {
        return kind != TaskKind.CPU && policy != CancelPolicy.ABANDON;
    }

    /** What the names begin with that nobody has given. */
    String namePrefix() {
        return switch (kind) {
            case IO -> "io-";
            case BLOCKING -> "blocking-";
            case CPU -> "cpu-";
        };
    }
}
