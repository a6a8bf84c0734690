package dev.loomscope;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** Who waits for the end of a subtask, and what is to run after it. Thread-safe. */
final class Followers {

    /** Of a subtask that has ended: takes nothing any more. */
    static final Followers OVER = over();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Runnable> continuations = new ArrayList<>(); // guarded by lock
    private boolean over; // guarded by lock; never goes back to false

    private static Followers over() {
        Followers followers = new Followers();
        followers.end();
        return followers;
    }

    /** Runs {@code action} at the end; or returns false, if that is past. */
    boolean add(Runnable action) {
        lock.lock();
        try {
            return !over && continuations.add(action);
        } finally {
            lock.unlock();
        }
    }

    /** Waits until the end, or until a {@link #wake} finds {@code enough}. */
    void await(BooleanSupplier enough) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (!over && !enough.getAsBoolean()) {
                changed.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Makes everybody who waits look again. */
    void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The end has come: lets go of everybody, and returns what is to run now, in the order in which it was added. */
    List<Runnable> end() {
        lock.lock();
        try {
            over = true;
            List<Runnable> todo = List.copyOf(continuations);
            continuations.clear();
            changed.signalAll();
            return todo;
        } finally {
            lock.unlock();
        }
    }
}
