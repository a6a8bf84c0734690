package dev.loomscope;

import dev.loomscope.ScopeFailedException.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** What went wrong in a scope, in the order in which it did. Thread-safe. */
final class Failures {

    private final ReentrantLock lock = new ReentrantLock();
    private final List<Failure> all = new ArrayList<>(); // guarded by lock

    void add(Subtask<?> subtask, Throwable exception) {
        lock.lock();
        try {
            all.add(new Failure(subtask, exception));
        } finally {
            lock.unlock();
        }
    }

    /** Returns the first of all if {@code exception} is one of them, else itself. */
    Throwable firstIfAmong(Throwable exception) {
        List<Failure> noted = toList();
        boolean among = noted.stream().anyMatch(failure -> failure.exception() == exception);
        return among ? noted.get(0).exception() : exception;
    }

    List<Failure> toList() {
        lock.lock();
        try {
            return List.copyOf(all);
        } finally {
            lock.unlock();
        }
    }
}
