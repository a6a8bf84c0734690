package dev.loomscope;

import org.jspecify.annotations.Nullable;

/**
 * Runs each subtask on a thread of its own that is no part of the JDK's scope and has no scoped values. For two sorts of subtasks: those
 * that a cancel may leave behind, for which {@link #close} does not wait, and those forked by a thread that is itself outside and finds
 * no dispatcher.
 */
final class OnOutsideThread implements Runner {

    private final Pending running = new Pending(); // those that close waits for

    @Override
    public void hold(ScopedSubtask<?> subtask) {
        if (!subtask.hasThread()) {
            boolean abandonable = subtask.isAbandonable();
            subtask.setThread(
                    ThreadContainer.builderFor(subtask).unstarted(abandonable ? subtask : () -> runContained(subtask)));
        }
    }

    @Override
    public void start(ScopedSubtask<?> subtask) {
        boolean abandonable = subtask.isAbandonable();
        if (!abandonable) {
            running.add(false, false);
        }
        try {
            hold(subtask);
            subtask.startThread();
        } catch (Throwable e) {
            if (!abandonable) {
                running.remove(false);
            }
            throw e;
        }
    }

    // Nothing more of the thread's code runs than its end: no reason to wait for that.
    @Override
    public void startGranted(ScopedSubtask<?> subtask, @Nullable Thread before) {
        start(subtask);
    }

    private void runContained(ScopedSubtask<?> subtask) {
        try {
            subtask.run();
        } finally {
            running.remove(false); // in any case: close waits for it
        }
    }

    @Override
    public boolean endsThread() {
        return true;
    }

    /** Waits until no subtask that may not be left behind is on such a thread. Owner thread only, after the last has ended. */
    void close() {
        running.awaitUninterruptibly();
    }
}
