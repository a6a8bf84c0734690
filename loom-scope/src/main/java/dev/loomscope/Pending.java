package dev.loomscope;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** How many subtasks have not ended, and the owner's wait until none is left. Thread-safe, but only the owner waits. */
final class Pending {

    private final AtomicLong count = new AtomicLong();
    private volatile @Nullable Thread waiter; // the owner, while it waits

    long count() {
        return count.get();
    }

    void add() {
        count.incrementAndGet();
    }

    void remove() {
        if (count.decrementAndGet() == 0) {
            LockSupport.unpark(waiter);
        }
    }

    /** Waits until none is left; an interrupt ends the wait, with the flag cleared. */
    void await() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        waiter = Thread.currentThread();
        try {
            while (count.get() > 0) {
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
