package dev.loomscope.process;

import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** The one lock of a pool. What was put into the outboxes of its workers under it is sent when it is given up. */
final class PoolLock extends ReentrantLock {

    @Serial
    private static final long serialVersionUID = 1L;

    private transient List<Worker> toSend = new ArrayList<>(); // guarded by this

    /** Has what this worker was told sent later. Guarded by this. */
    void sendLater(Worker worker) {
        toSend.add(worker);
    }

    @Override
    public void unlock() {
        if (toSend.isEmpty() || getHoldCount() > 1) {
            super.unlock();
            return;
        }
        List<Worker> now = toSend;
        toSend = new ArrayList<>();
        super.unlock();
        now.forEach(Worker::send);
    }
}
