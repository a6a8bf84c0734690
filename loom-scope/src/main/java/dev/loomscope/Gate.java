package dev.loomscope;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many subtasks of a kind run at once; the others wait in line, first come, first served. It blocks nobody: whoever leaves
 * is told who comes next. Thread-safe.
 */
final class Gate {

    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<ScopedSubtask<?>> waiting = new ArrayDeque<>(); // guarded by lock; may hold cancelled ones
    private int free; // guarded by lock

    Gate(int permits) {
        this.free = permits;
    }

    /** Takes a permit if there is one; nobody who is in line is overtaken. */
    boolean tryEnter() {
        lock.lock();
        try {
            if (free == 0) {
                return false;
            }
            free--;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether {@code subtask} may start now, with a permit; if not, it is in line. */
    boolean enter(ScopedSubtask<?> subtask) {
        lock.lock();
        try {
            boolean entered = tryEnter();
            if (!entered) {
                waiting.addLast(subtask);
            }
            return entered;
        } finally {
            lock.unlock();
        }
    }

    /** Gives a permit back, and returns who has it now: the next in line that was not cancelled; null if there is none. */
    @Nullable
    ScopedSubtask<?> leave() {
        lock.lock();
        try {
            ScopedSubtask<?> next = waiting.pollFirst();
            while (next != null && next.hasEnded()) {
                next = waiting.pollFirst();
            }
            if (next == null) {
                free++;
            }
            return next;
        } finally {
            lock.unlock();
        }
    }
}
