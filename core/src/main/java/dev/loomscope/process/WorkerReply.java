package dev.loomscope.process;

/** What comes back for a task: from its worker, or from the pool in its stead. */
sealed interface WorkerReply {

    /** Whether the worker should not have another task. */
    default boolean fatal() {
        return false;
    }

    /** How much it holds of the {@link ResultMemory} of its pool, in bytes, until it is read or dropped. */
    default long bytes() {
        return 0;
    }

    /** The task has ended with this result. */
    record Result(Payload payload, Worker worker) implements WorkerReply {

        @Override
        public long bytes() {
            return payload.size();
        }
    }

    /** The task has thrown. */
    record Failure(Payload payload, boolean fatal, Worker worker) implements WorkerReply {

        @Override
        public long bytes() {
            return payload.size();
        }
    }

    /**
     * The task has ended, but what it returned or threw was larger than this JVM allows, and was not kept.
     *
     * @param size of the reply, in bytes
     */
    record TooLarge(long size, boolean fatal) implements WorkerReply {}

    /** The task was cancelled before it started, or its worker was killed. */
    record Cancelled() implements WorkerReply {}

    /** The task cannot have an answer: its worker crashed, none could be started, or the pool was closed. */
    record Lost(Throwable reason) implements WorkerReply {}
}
