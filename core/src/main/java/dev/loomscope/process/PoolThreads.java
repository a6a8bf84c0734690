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
        return (name, action) -> builder().name(name).start(action);
    }

    /**
     * Builds daemon threads that take over nothing from whoever happens to start them: neither its inheritable thread locals and
     * context class loader, which they would keep for as long as they live, nor its priority.
     */
    static Thread.Builder.OfPlatform builder() {
        return Thread.ofPlatform()
                .daemon()
                .inheritInheritableThreadLocals(false)
                .priority(Thread.NORM_PRIORITY);
    }
}
