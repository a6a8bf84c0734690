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

    // One that ends at once may free the permit for the next one, and so on: one after the other, not one inside the
    // other.
    @Override
    public void startGranted(ScopedSubtask<?> subtask, @Nullable Thread before) {
        Trampoline.run(subtask::startElsewhere);
    }

    @Override
    public boolean endsThread() {
        return false;
    }
}
