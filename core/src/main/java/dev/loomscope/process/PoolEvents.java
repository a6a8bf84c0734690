package dev.loomscope.process;

import dev.loomscope.event.EventStream;
import dev.loomscope.event.ScopeEvent;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the log, the counts and the listeners of a pool what becomes of its workers. Never called with the pool's lock held.
 *
 * <p>Listeners are code of users and may block. They are called, in the order of the events, by one thread that does nothing else
 * and lives only as long as there is something to deliver. The queue has no bound: a worker makes two or three events in its life.
 */
final class PoolEvents {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);

    private final String pool;
    private final boolean heard;
    private final EventStream stream;
    private final PoolCounts counts;
    private final PoolThreads threads;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition delivered = lock.newCondition();
    private final Queue<ScopeEvent> queue = new ArrayDeque<>(); // guarded by lock
    private @Nullable Thread deliverer; // guarded by lock; while there is something to deliver

    PoolEvents(ProcessPoolConfig config, PoolThreads threads, PoolCounts counts) {
        this.counts = counts;
        this.pool = config.name();
        this.heard = !config.listeners().isEmpty();
        this.stream = new EventStream(config.listeners());
        this.threads = threads;
    }

    void started(Worker worker, Duration startup) {
        counts.started.increment();
        log.debug("{} of pool '{}' is ready after {} ms", worker, pool, startup.toMillis());
        publish(new ScopeEvent.WorkerStarted(Instant.now(), pool, worker.name(), worker.pid(), startup));
    }

    void retired(Worker worker, String reason) {
        counts.retired.increment();
        log.debug("{} of pool '{}' is retired: {}", worker, pool, reason);
        publish(new ScopeEvent.WorkerRetired(Instant.now(), pool, worker.name(), worker.pid(), reason));
    }

    /** The process of a worker is gone, because we killed it or by itself. */
    void ended(Worker worker, Worker.State before, WorkerExit exit, String killReason) {
        log.debug("{} of pool '{}' is gone ({}, was {})", worker, pool, exit.describe(), before);
        switch (before) {
            case KILLED -> {
                counts.killed.increment();
                publish(new ScopeEvent.WorkerKilled(Instant.now(), pool, worker.name(), worker.pid(), killReason));
            }
            case IDLE, BUSY, CRASHED -> {
                counts.crashed.increment();
                publish(new ScopeEvent.WorkerCrashed(
                        Instant.now(), pool, worker.name(), worker.pid(), exit.describe()));
            }
            case RETIRED -> {}
        }
    }

    /** Waits until all events are delivered, at most this long. Not on the thread that delivers them. */
    void awaitDelivery(Duration patience) {
        lock.lock();
        try {
            ensureDeliverer();
            long left = PoolTimer.nanos(patience);
            while (left > 0 && deliverer != null && deliverer != Thread.currentThread()) {
                left = delivered.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private void publish(ScopeEvent event) {
        if (!heard) {
            return;
        }
        lock.lock();
        try {
            queue.add(event);
            ensureDeliverer();
        } finally {
            lock.unlock();
        }
    }

    // Guarded by lock.
    private void ensureDeliverer() {
        if (deliverer != null || queue.isEmpty()) {
            return;
        }
        try {
            deliverer = threads.start("loom-scope-%s-events".formatted(pool), this::deliver);
        } catch (OutOfMemoryError e) {
            log.warn("no thread can be started to deliver events of pool '{}': they wait for the next one", pool, e);
        }
    }

    private void deliver() {
        for (ScopeEvent event = next(); event != null; event = next()) {
            ScopeEvent made = event;
            stream.publish(() -> made);
        }
    }

    private @Nullable ScopeEvent next() {
        lock.lock();
        try {
            ScopeEvent event = queue.poll();
            if (event == null) {
                deliverer = null;
                delivered.signalAll();
            }
            return event;
        } finally {
            lock.unlock();
        }
    }
}
