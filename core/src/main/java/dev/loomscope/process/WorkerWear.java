package dev.loomscope.process;

import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Retires workers that are used up: by so many tasks, by their age, or by a heap that does not get empty any more. Always between
 * two tasks, and with another one started in their place.
 */
final class WorkerWear {

    private final PoolState pool;
    private final int maxTasks;
    private final @Nullable Duration maxAge;
    private final int maxRetainedHeapMiB;

    WorkerWear(PoolState pool) {
        this.pool = pool;
        this.maxTasks = pool.config.singleUse() ? 1 : pool.config.maxTasksPerWorker();
        this.maxAge = pool.config.maxWorkerAge();
        this.maxRetainedHeapMiB = pool.config.maxRetainedHeapMiB();
    }

    /** A worker gets ready. Any thread. */
    void begin(Worker worker) {
        if (maxAge != null) {
            WeakReference<Worker> mayBeGone = new WeakReference<>(worker); // long before its time
            Future<?> end = PoolTimer.schedule(maxAge, () -> {
                Worker old = mayBeGone.get();
                if (old != null) {
                    retire(old, "it is %s ms old".formatted(maxAge.toMillis()));
                }
            });
            worker.whenGone(() -> end.cancel(false)); // or the timer would hold the pool for that long
        }
    }

    /** A task has ended: returns why its worker should have no other; null if it may. Guarded by the pool's lock. */
    @Nullable
    String afterTask(Worker worker) {
        worker.tasks++;
        if (worker.tasks == maxTasks) {
            return maxTasks == 1 ? "it has had its one task" : "it has had %s tasks".formatted(maxTasks);
        }
        if (worker.worn == null && maxRetainedHeapMiB > 0) {
            worker.askForHeap((long) maxRetainedHeapMiB << 20);
            pool.lock.sendLater(worker);
        }
        return worker.worn;
    }

    /** A worker says what its heap holds, after a collection if that was too much. Its reader thread. */
    void onHeap(Worker worker, long bytes) {
        if (maxRetainedHeapMiB > 0 && bytes >> 20 >= maxRetainedHeapMiB) {
            retire(worker, "its heap still holds %s MiB between tasks".formatted(bytes >> 20));
        }
    }

    // Now if it is idle, or else when its task has ended.
    private void retire(Worker worker, String reason) {
        pool.lock.lock();
        try {
            worker.worn = reason;
            if (worker.state != Worker.State.IDLE) {
                return;
            }
            pool.shelf.takeOut(worker);
            worker.state = Worker.State.RETIRED;
            pool.replace();
        } finally {
            pool.lock.unlock();
        }
        pool.retire(worker, reason);
    }
}
