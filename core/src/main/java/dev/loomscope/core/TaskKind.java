package dev.loomscope.core;

/**
 * Where a task runs.
 *
 * <p>The idea that the implementer of a function, not its caller, says which kind it is comes from Python's unsync.
 */
public enum TaskKind {

    /** The task waits, mostly on a network, through APIs that cooperate with virtual threads: a virtual thread. */
    IO,

    /**
     * The task calls code that holds on to its thread (legacy clients, JDBC drivers, JNI, devices, {@code synchronized}
     * around I/O): a platform thread.
     */
    BLOCKING,

    /**
     * The task computes, and may have to be stopped by force or may bring its process down: a child JVM.
     *
     * <p>Not worth it for computations below about 5 ms that can be trusted: call those directly.
     */
    CPU
}
