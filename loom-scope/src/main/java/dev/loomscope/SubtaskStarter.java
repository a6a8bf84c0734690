package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** Gives the subtasks of a scope their permits and their threads, in this order. */
final class SubtaskStarter {

    private final ThreadStarter threads;
    private final @Nullable Gate ioGate;
    private final Gate blockingGate;

    /** For the calling thread, the owner of the scope. */
    SubtaskStarter(String scope, ScopeConfig config) {
        this.ioGate = config.maxIo() == Integer.MAX_VALUE ? null : new Gate(config.maxIo());
        this.blockingGate = new Gate(config.maxBlocking());
        this.threads = new ThreadStarter(scope);
    }

    /** Starts a subtask now, or later when there is a permit for it. Any thread inside the scope. */
    void start(ScopedSubtask<?> subtask) {
        Gate gate = gateOf(subtask);
        boolean permit = gate == null || gate.tryEnter();
        if (!permit && gate != null) {
            subtask.announceQueued();
            permit = gate.enter(subtask);
        }
        if (permit && subtask.hasEnded()) {
            onPermitFree(subtask, null);
        } else if (permit) {
            threads.start(subtask);
        }
    }

    /**
     * The permit of a subtask is free: the next in line has it.
     *
     * @param ending the thread that has had it and is about to end; null if there was none
     */
    void onPermitFree(ScopedSubtask<?> subtask, @Nullable Thread ending) {
        Gate gate = gateOf(subtask);
        ScopedSubtask<?> next = gate == null ? null : gate.leave();
        if (next != null) {
            threads.startAfter(ending, next);
        }
    }

    private @Nullable Gate gateOf(ScopedSubtask<?> subtask) {
        return switch (subtask.kind()) {
            case IO -> ioGate;
            case BLOCKING -> blockingGate;
            case CPU -> null; // the pool has the permits: its workers
        };
    }

    /** Waits until all threads have ended. Owner thread only, after the last subtask has ended. */
    void close() {
        threads.close();
    }
}
