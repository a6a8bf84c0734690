package dev.loomscope;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * How many subtasks have not ended, and the owner's wait until none is left. Thread-safe, but only the owner waits.
 *
 * <p>One number counts both: daemons above bit 40, the others below.
 */
final class Pending {

    private static final long DAEMON = 1L << 40;
    private static final long OTHERS = DAEMON - 1;

    private final AtomicLong counts = new AtomicLong();
    private volatile @Nullable Thread waiter; // the owner, while it waits

    /** How many there are of either. */
    long count() {
        long now = counts.get();
        return now / DAEMON + (now & OTHERS);
    }

    /** Whether all but daemons have ended. */
    boolean onlyDaemons() {
        return (counts.get() & OTHERS) == 0;
    }

    void add(boolean daemon) {
        counts.addAndGet(daemon ? DAEMON : 1);
    }

    /** One has ended. Returns whether it was the last that was no daemon, or the last of all. */
    boolean remove(boolean daemon) {
        long left = counts.addAndGet(daemon ? -DAEMON : -1);
        boolean last = left == 0 || (!daemon && (left & OTHERS) == 0);
        if (last) {
            LockSupport.unpark(waiter);
        }
        return last;
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
            while ((counts.get() & those) != 0) {
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
