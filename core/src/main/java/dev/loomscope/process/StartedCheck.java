package dev.loomscope.process;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds workers that stand still: they have a task, but do not begin it, and read nothing more of it. One that is seen so at several
 * looks in a row is lost, as if it had crashed. Looks only while tasks are on their way, and at all workers at once: it costs a
 * task nothing.
 *
 * <p>Looks and not a delay, so that a standstill of this JVM is one look and not the fault of its workers.
 */
final class StartedCheck {

    private static final int LOOKS = 4;
    private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Duration patience;
    private final ReentrantLock lock; // the pool's
    private final WorkerShelf shelf; // guarded by lock
    private final Consumer<Worker> kill;
    private Map<Worker, Sight> seen = new HashMap<>(); // guarded by lock; at the last look
    private @Nullable Future<?> next; // guarded by lock; null if no look is scheduled

    /** What was seen of a worker whose task had not begun: which it was, what was written to it, and how often in a row. */
    private record Sight(@Nullable PoolJob<?> job, long written, int times) {

        static final Sight NONE = new Sight(null, 0, 0);
    }

    /**
     * Makes the check of one pool.
     *
     * @param patience how long a worker may take to begin a task
     * @param kill called without the lock, with a worker that is marked as killed, with its reason
     */
    StartedCheck(Duration patience, ReentrantLock lock, WorkerShelf shelf, Consumer<Worker> kill) {
        this.patience = patience;
        this.lock = lock;
        this.shelf = shelf;
        this.kill = kill;
    }

    /** A worker was given a task. Guarded by lock. */
    void onAssigned() {
        if (next == null) {
            schedule();
        }
    }

    private void schedule() {
        long pause = Math.max(PoolTimer.nanos(patience) / LOOKS, MIN_PAUSE_NANOS);
        next = PoolTimer.schedule(Duration.ofNanos(pause), this::look);
    }

    /** The pool is closed and empty: the timer must not hold it any longer. Guarded by lock. */
    void stop() {
        if (next != null) {
            next.cancel(false);
        }
    }

    private void look() {
        Map<Worker, PoolJob<?>> suspects = see();
        suspects.entrySet().removeIf(suspect -> suspect.getKey().mayHaveBegun(suspect.getValue())); // it cannot say so
        suspects.forEach(this::killIfStanding);
    }

    private Map<Worker, PoolJob<?>> see() {
        lock.lock();
        try {
            next = null; // also if there is no memory for a look: then the next task has another one made
            Map<Worker, PoolJob<?>> suspects = new HashMap<>();
            Map<Worker, Sight> now = new HashMap<>();
            for (Worker worker : shelf.all()) {
                PoolJob<?> job = notBegun(worker);
                if (job != null) {
                    Sight before = seen.getOrDefault(worker, Sight.NONE);
                    long written = worker.written();
                    boolean same = before.job() == job && before.written() == written;
                    Sight sight = new Sight(job, written, same ? before.times() + 1 : 0);
                    now.put(worker, sight);
                    if (sight.times() >= LOOKS) {
                        suspects.put(worker, job);
                    }
                }
            }
            seen = now;
            if (!now.isEmpty()) {
                schedule();
            }
            return suspects;
        } finally {
            lock.unlock();
        }
    }

    // The task that it should have begun; null if there is none. Guarded by lock.
    private static @Nullable PoolJob<?> notBegun(Worker worker) {
        PoolJob<?> job = worker.job;
        return worker.state == Worker.State.BUSY && job != null && !job.started ? job : null;
    }

    private void killIfStanding(Worker worker, PoolJob<?> job) {
        lock.lock();
        try {
            if (notBegun(worker) != job) {
                return;
            }
            worker.state = Worker.State.KILLED;
            worker.killReason = "it did not begin CPU task '%s' within %s ms, the withStartTimeout of its pool"
                    .formatted(job.name(), patience.toMillis());
        } finally {
            lock.unlock();
        }
        kill.accept(worker);
    }
}
