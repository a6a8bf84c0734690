package dev.loomscope;

import dev.loomscope.core.TaskContext;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The code of a thread inside the owner's container that starts what the owner cannot. It has a container of its own, with the scoped
 * values that it inherited.
 */
final class Dispatcher implements Runnable {

    private final String scope;
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

    Dispatcher(String scope) {
        this.scope = scope;
    }

    /** Has a subtask started once {@code before} has ended; at once if that is null. Any thread. */
    void request(ScopedSubtask<?> subtask, @Nullable Thread before) {
        requests.add(new Request(subtask, before));
        if (over) {
            refuseLeftovers();
        }
    }

    /** Lets the thread end when all requests have been served. */
    void end() {
        requests.add(new Request(null, null));
    }

    // A permit may be granted in the moment when its subtask is cancelled and the scope closed: it has to come back.
    private void refuseLeftovers() {
        for (Request left = requests.poll(); left != null; left = requests.poll()) {
            if (left.subtask != null) {
                left.subtask.failToStart(new IllegalStateException(
                        "scope '%s' was closed before this subtask got its thread".formatted(scope)));
            }
        }
    }

    @Override
    public void run() {
        ThreadContainer own = null;
        try {
            clearContext();
            for (Request request = next(); request.subtask != null; request = next()) {
                request.awaitBefore();
                try {
                    if (own == null) {
                        own = new ThreadContainer(scope);
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
