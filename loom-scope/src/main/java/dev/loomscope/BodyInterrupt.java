package dev.loomscope;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Interrupts the body of {@link MixedScope#call} when its scope is cancelled, and takes the interrupt back when the body has ended.
 * Thread-safe.
 */
final class BodyInterrupt {

    private final Thread owner = Thread.currentThread();
    private final ReentrantLock lock = new ReentrantLock();
    private boolean delivered; // guarded by lock
    private boolean over; // guarded by lock; never goes back to false

    /** Interrupts the body, unless it has ended. Any thread. */
    void deliver() {
        lock.lock();
        try {
            if (!over && !delivered) {
                delivered = true;
                owner.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * The body has ended: no interrupt of ours comes any more, and one that came is cleared. Owner thread only.
     *
     * @return whether one came
     */
    boolean end() {
        lock.lock();
        try {
            over = true;
            if (delivered) {
                Thread.interrupted();
            }
            return delivered;
        } finally {
            lock.unlock();
        }
    }
}
