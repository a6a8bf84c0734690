package dev.loomscope.process;

import java.util.concurrent.atomic.AtomicLong;

/**
 * How much of this JVM's memory the results of one pool's workers take while they arrive and are read: counted, and refused beyond
 * a bound, so that no worker can fill the heap of its parent. What the caller holds afterwards is the caller's.
 *
 * <p>Thread-safe.
 */
final class ResultMemory {

    private static final int MIB = 1 << 20;

    private final long allowed;
    private final AtomicLong taken = new AtomicLong();

    ResultMemory(long allowed) {
        this.allowed = allowed;
    }

    static ResultMemory of(ProcessPoolConfig config) {
        return new ResultMemory((long) config.maxResultMiB() * MIB);
    }

    /** For what has no bound but the heap. */
    static ResultMemory unbounded() {
        return new ResultMemory(Long.MAX_VALUE);
    }

    /** Takes so many bytes, if that many are left; {@link #release} gives them back. */
    boolean tryReserve(long bytes) {
        long before = taken.get();
        while (bytes <= allowed - before) {
            long seen = taken.compareAndExchange(before, before + bytes);
            if (seen == before) {
                return true;
            }
            before = seen;
        }
        return false;
    }

    void release(long bytes) {
        taken.addAndGet(-bytes);
    }

    /** How much is left now, in bytes. */
    long left() {
        return allowed - taken.get();
    }

    /** How much is taken now, in bytes. */
    long taken() {
        return taken.get();
    }

    /** The bound, in words: {@code results of workers may take 256 MiB of this JVM at one time, ...}. */
    String describe() {
        return ("results of workers may take %s MiB of this JVM at one time, and %s MiB are taken. Return less or in pieces, let"
                        + " fewer tasks run at once, or raise withMaxResultMiB(%s)")
                .formatted(allowed / MIB, taken() / MIB, allowed / MIB);
    }
}
