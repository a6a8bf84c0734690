package dev.loomscope;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** What happened, in the order in which threads said so. Thread-safe. */
final class Trail {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<String> steps = new ArrayList<>(); // guarded by lock

    /** Notes a step. */
    void add(String step) {
        lock.lock();
        try {
            steps.add(step);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** What was noted so far. */
    List<String> steps() {
        lock.lock();
        try {
            return List.copyOf(steps);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until a step was noted, or fails. */
    void await(String step) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = TimeUnit.SECONDS.toNanos(Patience.LIMIT_SECONDS);
            while (!steps.contains(step)) {
                if (left <= 0) {
                    throw new AssertionError("'%s' did not happen; this did: %s".formatted(step, steps));
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }
}
