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

    private transient @Nullable Worker toSend; // guarded by this; the first of a chain

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

    /** Sends what there is to send. Without this. */
    void send() {
        Worker worker = take();
        while (worker != null) {
            worker.send();
            worker = take();
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
