package dev.loomscope;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What a scope closes when it closes, the last registered first. Thread-safe. */
final class ScopeResources {

    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<AutoCloseable> open = new ArrayDeque<>(); // guarded by lock

    void add(AutoCloseable resource) {
        lock.lock();
        try {
            open.push(resource);
        } finally {
            lock.unlock();
        }
    }

    /** Closes all, whatever each of them throws; returns the first problem, with the others suppressed, or null. */
    @Nullable
    ResourceCloseException closeAll(String scope) {
        ResourceCloseException problem = null;
        for (AutoCloseable resource = poll(); resource != null; resource = poll()) {
            try {
                resource.close();
            } catch (Throwable e) {
                if (problem == null) {
                    problem = new ResourceCloseException(
                            "scope '%s' could not close its resource %s: %s"
                                    .formatted(scope, SafeText.of(resource), SafeText.of(e)),
                            e);
                } else {
                    problem.addSuppressed(e);
                }
                if (e instanceof InterruptedException) {
                    Thread.currentThread().interrupt();
                }
            }
        }
        return problem;
    }

    private @Nullable AutoCloseable poll() {
        lock.lock();
        try {
            return open.poll();
        } finally {
            lock.unlock();
        }
    }
}
