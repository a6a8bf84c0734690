package dev.loomscope;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Remembers, for a joiner, the subtasks in the order in which they were forked. Thread-safe. */
final class ForkOrder<T extends @Nullable Object> {

    private final ReentrantLock lock = new ReentrantLock();
    private final List<Subtask<T>> subtasks = new ArrayList<>(); // guarded by lock

    // A handle only gives out results: that of a U is one of a T.
    @SuppressWarnings("unchecked")
    void add(Subtask<? extends T> subtask) {
        lock.lock();
        try {
            subtasks.add((Subtask<T>) subtask);
        } finally {
            lock.unlock();
        }
    }

    List<Subtask<T>> toList() {
        lock.lock();
        try {
            return List.copyOf(subtasks);
        } finally {
            lock.unlock();
        }
    }
}
