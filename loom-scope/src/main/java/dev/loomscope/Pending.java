package dev.loomscope;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How many subtasks have not ended, and the owner's wait until none is left. Thread-safe, but only the owner waits.
 *
 * <p>Those that the owner has added, those that others have, and those that have ended are counted apart, and far apart in memory: mostly
 * the owner forks while others end, and a single number would travel between their cores with every step. Each number counts both
 * sorts: daemons above bit 40, the others below.
 */
final class Pending {

    private static final long DAEMON = 1L << 40;
    private static final long OTHERS = DAEMON - 1;

    // Longs that no other number shares a cache line with, nor the line that is fetched along with it.
    private static final int ADDED_BY_OWNER = 16;
    private static final int ADDED_BY_OTHERS = 32;
    private static final int ENDED = 48;
    private static final int LENGTH = 64;

    private final AtomicLongArray counts = new AtomicLongArray(LENGTH);
    private volatile @Nullable Thread waiter; // the owner, while it waits

    // First those that have ended: what is added meanwhile may count, but none that is there is missed.
    private long live() {
        long ended = counts.get(ENDED);
        return counts.get(ADDED_BY_OWNER) + counts.get(ADDED_BY_OTHERS) - ended;
    }

    /** How many there are of either. */
    long count() {
        long now = live();
        return now / DAEMON + (now & OTHERS);
    }

    /** Whether all but daemons have ended. */
    boolean onlyDaemons() {
        return (live() & OTHERS) == 0;
    }

    /** One was forked, by the calling thread. */
    void add(boolean daemon, boolean byOwner) {
        long one = daemon ? DAEMON : 1;
        if (byOwner) {
            counts.setRelease(ADDED_BY_OWNER, counts.getPlain(ADDED_BY_OWNER) + one);
        } else {
            counts.addAndGet(ADDED_BY_OTHERS, one);
        }
    }

    /** One has ended. */
    void remove(boolean daemon) {
        counts.addAndGet(ENDED, daemon ? DAEMON : 1);
        Thread waiting = waiter;
        if (waiting != null && onlyDaemons()) { // whoever comes to wait later sees the count
            LockSupport.unpark(waiting);
        }
    }

    /** Waits until only daemons are left; an interrupt ends the wait, with the flag cleared. */
    void awaitOthers() throws InterruptedException {
        await(OTHERS);
    }

    /** Waits until none is left; an interrupt ends the wait, with the flag cleared. */
    void await() throws InterruptedException {
        await(~0L);
    }

    private void await(long those) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        waiter = Thread.currentThread();
        try {
            while ((live() & those) != 0) {
                LockSupport.park(this);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        } finally {
            waiter = null;
        }
    }

    /** Waits until none is left, keeping an interrupt for later. */
    void awaitUninterruptibly() {
        boolean interrupted = false;
        while (true) {
            try {
                await();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
