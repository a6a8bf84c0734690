package dev.loomscope.process;

import java.util.concurrent.ThreadFactory;

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
        return (name, action) -> {
            Thread thread = factory(name).newThread(action);
            thread.start();
            return thread;
        };
    }

    /** Makes daemon threads with this name, as {@link #builder} does. */
    static ThreadFactory factory(String name) {
        return CleanStack.factory(builder().name(name).factory());
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
