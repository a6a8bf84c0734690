package dev.loomscope;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Makes threads take their turns in a fixed order: each waits for its number, whatever the scheduler likes. Thread-safe. */
final class Sequencer {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private int next; // guarded by lock

    /** Waits until all turns before {@code number} were taken, and takes it. The first is 0. */
    void turn(int number) throws InterruptedException {
        turn(number, () -> {});
    }

    /** As {@link #turn(int)}, and the next one comes only when {@code action} has ended. */
    void turn(int number, Runnable action) throws InterruptedException {
        awaitTurn(number);
        try {
            action.run();
        } finally {
            end();
        }
    }

    private void awaitTurn(int number) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            if (number < next) {
                throw new AssertionError("turn %d was taken already; the next is %d".formatted(number, next));
            }
            long left = TimeUnit.SECONDS.toNanos(Patience.LIMIT_SECONDS);
            while (next != number) {
                if (left <= 0) {
                    throw new AssertionError("turn %d never came; %d is still to be taken".formatted(number, next));
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            next++;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
