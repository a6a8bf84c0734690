package dev.loomscope.process;

import java.io.Serial;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The one lock of a pool. What was put into the outboxes of its workers under it is sent when it is given up. To give it up needs no
 * memory, and cannot fail.
 */
final class PoolLock extends ReentrantLock {

    @Serial
    private static final long serialVersionUID = 1L;

    // It is held for a microsecond or so; to be put to sleep and woken again takes many.
    private static final int TRIES = 100;

    private transient volatile @Nullable Worker toSend; // guarded by this for writing; the first of a chain

    @Override
    public void lock() {
        for (int i = 0; i < TRIES; i++) {
            if (tryLock()) {
                return;
            }
            Thread.onSpinWait();
        }
        super.lock();
    }

    /** Has what this worker was told sent later. Guarded by this. */
    void sendLater(Worker worker) {
        if (!worker.isToSend) {
            worker.isToSend = true;
            worker.nextToSend = toSend;
            toSend = worker;
        }
    }

    /** Gives it up; {@link #send} is to follow. */
    void unlockUnsent() {
        super.unlock();
    }

    @Override
    public void unlock() {
        boolean send = toSend != null && getHoldCount() == 1;
        super.unlock();
        if (send) {
            send();
        }
    }

    /** Sends what there is to send; what others put in meanwhile, they send. Without this. */
    void send() {
        while (toSend != null) {
            Worker worker = take();
            if (worker != null) {
                worker.send();
            }
        }
    }

    private @Nullable Worker take() {
        lock();
        try {
            Worker first = toSend;
            if (first != null) {
                toSend = first.nextToSend;
                first.nextToSend = null;
                first.isToSend = false;
            }
            return first;
        } finally {
            super.unlock();
        }
    }
}
