package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** Runs each subtask on a thread of its own, inside the JDK's scope: virtual for IO, of the platform for BLOCKING. */
record OnThread(ThreadStarter threads) implements Runner {

    @Override
    public void hold(ScopedSubtask<?> subtask) {
        threads.hold(subtask);
    }

    @Override
    public void start(ScopedSubtask<?> subtask) {
        threads.start(subtask);
    }

    @Override
    public void startGranted(ScopedSubtask<?> subtask, @Nullable Thread before) {
        threads.startAfter(before, subtask);
    }

    @Override
    public boolean endsThread() {
        return true;
    }
}
