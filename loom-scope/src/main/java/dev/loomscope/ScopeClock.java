package dev.loomscope;

import java.util.concurrent.Future;

/** What time it is for a scope, and the alarm at a later time: the seam where tests put a clock that they move themselves. */
interface ScopeClock {

    /** The real one. */
    ScopeClock SYSTEM = new ScopeTimer();

    /** The time as {@link System#nanoTime} counts it. */
    long nanoTime();

    /** Runs {@code action} after so many ns, soon if that is none; on a thread of its own, so that it may take its time. */
    Future<?> schedule(long nanos, Runnable action);
}
