package dev.loomscope.process;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The bytes of all tasks of a pool that were forked and have no worker yet, and their bound. A task of any size has room while
 * there is no other. Thread-safe; its lock may be taken under that of the pool, never the other way round.
 */
final class QueueRoom {

    private final String pool;
    private final long max;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition freed = lock.newCondition();
    private final Queue<Object> line = new ArrayDeque<>(); // guarded by lock; who waits, in order
    private long held; // guarded by lock
    private boolean closed; // guarded by lock; never goes back to false

    QueueRoom(String pool, long max) {
        this.pool = pool;
        this.max = max;
    }

    /**
     * Takes room for a task, if there is some.
     *
     * @throws RejectedExecutionException if there is not enough
     */
    void take(String task, long bytes) {
        lock.lock();
        try {
            if (!hasRoomFor(bytes)) {
                throw new RejectedExecutionException(
                        "CPU task '%s' (%s bytes) is not taken by pool '%s': tasks of %s bytes wait for a worker already, and no more than %s may. Fork fewer at once, or use map or forEach, which wait for room; or raise withMaxQueuedBytes(%s)."
                                .formatted(task, bytes, pool, held, max, max));
            }
            held += bytes;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes room for a task, and waits for it if need be: in line with others who wait, so that a large one has its turn. After {@link
     * #close} it does not wait.
     */
    void await(long bytes) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            Object place = new Object();
            line.add(place);
            try {
                while (!closed && (line.peek() != place || !hasRoomFor(bytes))) {
                    freed.await();
                }
                held += bytes;
            } finally {
                line.remove(place);
                freed.signalAll(); // there may be room for the next one too
            }
        } finally {
            lock.unlock();
        }
    }

    // Guarded by lock. Without an overflow, whatever the bound is.
    private boolean hasRoomFor(long bytes) {
        return closed || held == 0 || bytes <= max - held;
    }

    /** Gives room back. */
    void give(long bytes) {
        if (bytes == 0) {
            return;
        }
        lock.lock();
        try {
            held -= bytes;
            freed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Lets everybody go on who waits: the pool is closed, which they will hear. */
    void close() {
        lock.lock();
        try {
            closed = true;
            freed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** How many bytes there are. */
    long held() {
        lock.lock();
        try {
            return held;
        } finally {
            lock.unlock();
        }
    }
}
