package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** Hands each subtask to the CPU backend. It has no thread of this JVM: the backend calls when it has ended. */
record InWorker() implements Runner {

    // The backend has the task since the fork, with all that it takes along.
    @Override
    public void hold(ScopedSubtask<?> subtask) {}

    @Override
    public void start(ScopedSubtask<?> subtask) {
        subtask.startElsewhere();
    }

    // The calling thread may belong to another scope or to a pool, so it must not run code of users. A subtask that
    // ends at once may free the permit for the next one, and so on: one after the other, not one inside the other.
    @Override
    public void startGranted(ScopedSubtask<?> subtask, @Nullable Thread before) {
        if (subtask.mayBlock()) {
            CallbackThreads.execute(subtask::startElsewhere);
        } else {
            Trampoline.run(subtask::startElsewhere);
        }
    }

    @Override
    public boolean endsThread() {
        return false;
    }
}
