package dev.loomscope.process;

/** Where the threads of a pool come from: the seam at which a test can be a machine that has no more of them. */
@FunctionalInterface
interface PoolThreads {

    /**
     * Starts a thread.
     *
     * @throws OutOfMemoryError if the system gives us no more threads; nothing has started then
     */
    Thread start(String name, Runnable action);

    /** Daemon threads of the platform, since all of them block in I/O. */
    static PoolThreads daemons() {
        return (name, action) -> Thread.ofPlatform().daemon().name(name).start(action);
    }
}
