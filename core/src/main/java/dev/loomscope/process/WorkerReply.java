package dev.loomscope.process;

/** What comes back for a task: from its worker, or from the pool in its stead. */
sealed interface WorkerReply {

    /** The task has ended with this result. */
    record Result(Payload payload, Worker worker) implements WorkerReply {}

    /**
     * The task has thrown.
     *
     * @param fatal whether the worker should not have another task
     */
    record Failure(Payload payload, boolean fatal, Worker worker) implements WorkerReply {}

    /** The task was cancelled before it started, or its worker was killed. */
    record Cancelled() implements WorkerReply {}

    /** The task cannot have an answer: its worker crashed, none could be started, or the pool was closed. */
    record Lost(Throwable reason) implements WorkerReply {}
}
