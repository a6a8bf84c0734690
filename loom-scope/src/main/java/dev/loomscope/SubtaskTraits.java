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
 * @param outside whether they were forked by a thread outside the JDK's scope that has nobody inside to start them
 */
record SubtaskTraits(TaskKind kind, CancelPolicy policy, boolean daemon, boolean outside) {

    private static final int POLICIES = CancelPolicy.values().length;
    private static final SubtaskTraits[] ALL = Arrays.stream(TaskKind.values())
            .flatMap(kind -> Arrays.stream(CancelPolicy.values())
                    .flatMap(policy -> Stream.of(0, 1, 2, 3)
                            .map(flags -> new SubtaskTraits(kind, policy, (flags & 1) != 0, (flags & 2) != 0))))
            .toArray(SubtaskTraits[]::new);

    /** Returns the one object for these. */
    @SuppressWarnings("EnumOrdinal") // an index that nobody else sees, in every fork
    static SubtaskTraits of(TaskKind kind, CancelPolicy policy, boolean daemon, boolean outside) {
        return ALL[(kind.ordinal() * POLICIES + policy.ordinal()) * 4 + (daemon ? 1 : 0) + (outside ? 2 : 0)];
    }

    /** Whether their thread is a platform thread. */
    boolean needsPlatformThread() {
        return kind == TaskKind.BLOCKING;
    }

    /** Whether a thread of this JVM runs their code. */
    boolean runsHere() {
        return kind != TaskKind.CPU;
    }

    /** Whether a cancel leaves behind the thread that runs their code. */
    boolean isAbandonable() {
        return policy == CancelPolicy.ABANDON;
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
