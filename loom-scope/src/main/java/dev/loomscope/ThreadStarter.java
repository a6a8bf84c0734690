package dev.loomscope;

import dev.loomscope.core.TaskContext;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * Starts the threads of a scope's subtasks, on behalf of any thread.
 *
 * <p>From 25 on, only the owner of a JDK scope may fork in it. What the owner forks is started at once. What others fork, and what
 * had to wait for a permit, is started by the dispatcher: a virtual thread inside the owner's container that has a container of
 * its own, with the same scoped values. It is there from the beginning, since later the owner may be busy, or have other scoped
 * values, or have opened a scope inside this one.
 */
final class ThreadStarter {

    private final String name;
    private final Thread owner = Thread.currentThread();
    private final ThreadContainer container;
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private volatile boolean over; // the dispatcher, once: it takes no request any more

    /**
     * What the dispatcher has to do.
     *
     * @param subtask to start; null to end
     * @param before the thread whose permit the subtask has, which is about to end; null if nobody had it
     */
    private record Request(
            @Nullable ScopedSubtask<?> subtask, @Nullable Thread before) {

        // It has nothing more to do than to end: until then it counts as one of those that the permits bound.
        @SuppressWarnings("ThreadJoinLoop") // it is one
        void awaitBefore() {
            Thread waited = before;
            while (waited != null) {
                try {
                    waited.join();
                    return;
                } catch (InterruptedException e) {
                    // not for us: nobody knows this thread
                }
            }
        }
    }

    /** For the calling thread, the owner of the scope. */
    ThreadStarter(String name) {
        this.name = name;
        this.container = new ThreadContainer(name);
        try {
            container.startHelper(this::dispatch);
        } catch (Throwable e) { // no memory for a thread: nobody else will close what was opened here
            container.close();
            throw e;
        }
    }

    /** Starts a subtask that has its permit. Any thread inside the scope. */
    void start(ScopedSubtask<?> subtask) {
        if (Thread.currentThread() == owner) {
            startHere(subtask);
        } else {
            request(subtask, null);
        }
    }

    /** Starts a subtask that has the permit of a thread that is about to end, if there is one. Any thread. */
    void startAfter(@Nullable Thread before, ScopedSubtask<?> subtask) {
        request(subtask, before);
    }

    private void request(ScopedSubtask<?> subtask, @Nullable Thread before) {
        requests.add(new Request(subtask, before));
        if (over) {
            refuseLeftovers();
        }
    }

    // A permit may be granted in the moment when its subtask is cancelled and the scope closed: it has to come back.
    private void refuseLeftovers() {
        for (Request left = requests.poll(); left != null; left = requests.poll()) {
            if (left.subtask != null) {
                left.subtask.failToStart(new IllegalStateException(
                        "scope '%s' was closed before this subtask got its thread".formatted(name)));
            }
        }
    }

    // A thread that cannot be started is the subtask's failure. One that the JDK refuses is also the caller's
    // mistake: it forks with other scoped values than the scope was opened with.
    private void startHere(ScopedSubtask<?> subtask) {
        try {
            container.start(subtask);
        } catch (OutOfMemoryError e) {
            subtask.failToStart(e);
        } catch (RuntimeException | Error e) {
            subtask.failToStart(e);
            throw e;
        }
    }

    /** Waits until all threads have ended. Owner thread only, after the last subtask has ended. */
    void close() {
        requests.add(new Request(null, null));
        container.close();
    }

    private void dispatch() {
        ThreadContainer own = null;
        try {
            clearContext();
            for (Request request = next(); request.subtask != null; request = next()) {
                request.awaitBefore();
                try {
                    if (own == null) {
                        own = new ThreadContainer(name);
                    }
                    own.start(request.subtask);
                } catch (Throwable e) {
                    request.subtask.failToStart(e);
                }
            }
        } finally {
            over = true;
            refuseLeftovers();
            if (own != null) {
                own.close();
            }
        }
    }

    // Some logging frameworks let threads inherit the MDC: from here on that would be a stale one.
    private static void clearContext() {
        try {
            TaskContext.clear();
        } catch (RuntimeException | Error e) {
            // code of the log: each subtask sets its own, or fails for that
        }
    }

    private Request next() {
        while (true) {
            try {
                return requests.take();
            } catch (InterruptedException e) {
                // not for us: nobody knows this thread
            }
        }
    }
}
