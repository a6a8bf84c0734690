package dev.loomscope;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Interrupts the body of {@link MixedScope#call} when its scope is cancelled, and takes the interrupt back when the body has ended.
 * Thread-safe.
 */
final class BodyInterrupt implements Interruptible {

    private final Thread owner = Thread.currentThread();
    private final @Nullable Interruptible around = Interruptible.around(ScopeTree.here());
    // That one's interrupt is of the past; one that is still pending is not.
    private final boolean aroundHadIts = around != null && around.wasInterrupted() && !owner.isInterrupted();
    private final ReentrantLock lock = new ReentrantLock();
    private boolean due; // guarded by lock; never goes back to false
    private boolean delivered; // guarded by lock
    private boolean over; // guarded by lock; never goes back to false
    private int holds; // guarded by lock

    /** The scope is cancelled, and {@link #deliver} is to follow: what ends the body from now on is the cancel. Any thread. */
    void announce() {
        lock.lock();
        try {
            due = true;
        } finally {
            lock.unlock();
        }
    }

    /** Interrupts the body, unless it has ended. Any thread. */
    void deliver() {
        lock.lock();
        try {
            due = true;
            deliverIfDue();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void holdInterrupts() {
        lock.lock();
        try {
            holds++;
            if (delivered && Thread.interrupted()) {
                delivered = false; // it comes again when the hold ends
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void releaseInterrupts() {
        lock.lock();
        try {
            holds--;
            deliverIfDue();
        } finally {
            lock.unlock();
        }
    }

    private void deliverIfDue() {
        if (due && !over && !delivered && holds == 0) {
            delivered = true;
            owner.interrupt();
        }
    }

    /**
     * The body has ended: no interrupt of ours comes any more, and one that came is cleared. Owner thread only.
     *
     * @return whether one came, or was announced
     */
    boolean end() {
        lock.lock();
        try {
            over = true;
            if (delivered) {
                Thread.interrupted();
            }
            return due;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Interrupts what is around again, if that was interrupted since this began: two interrupts at once look like one, and we may have
     * taken its own for ours. Owner thread only.
     */
    void passOn() {
        if (around != null && !aroundHadIts && around.wasInterrupted()) {
            owner.interrupt();
        }
    }

    @Override
    public boolean wasInterrupted() {
        lock.lock();
        try {
            return delivered;
        } finally {
            lock.unlock();
        }
    }
}
