package dev.loomscope.process;

import dev.loomscope.core.CurrentTask;

/** A task that has come to a worker, and is the next to run there. */
record Assignment(Payload payload, CurrentTask.Control control, WorkerOutbox.Run run) {

    long taskId() {
        return run.taskId();
    }
}
