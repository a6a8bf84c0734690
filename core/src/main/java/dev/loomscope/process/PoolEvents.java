package dev.loomscope.process;

import dev.loomscope.event.EventStream;
import dev.loomscope.event.ScopeEvent;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the log and the listeners of a pool what becomes of its workers. Never called with the pool's lock held. */
final class PoolEvents {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);

    private final String pool;
    private final EventStream stream;

    PoolEvents(ProcessPoolConfig config) {
        this.pool = config.name();
        this.stream = new EventStream(config.listeners());
    }

    void started(Worker worker, Duration startup) {
        log.debug("{} of pool '{}' is ready after {} ms", worker, pool, startup.toMillis());
        stream.publish(
                () -> new ScopeEvent.WorkerStarted(Instant.now(), pool, worker.name(), worker.pid(), startup));
    }

    void retired(Worker worker, String reason) {
        log.debug("{} of pool '{}' is retired: {}", worker, pool, reason);
        stream.publish(() -> new ScopeEvent.WorkerRetired(Instant.now(), pool, worker.name(), worker.pid(), reason));
    }

    void killed(Worker worker, PoolJob<?> job, Duration grace) {
        String reason = "CPU task '%s' went on for %d ms after its cancel (%s)"
                .formatted(job.name(), grace.toMillis(), job.cancelReason());
        log.debug("{} of pool '{}' is killed: {}", worker, pool, reason);
        stream.publish(() -> new ScopeEvent.WorkerKilled(Instant.now(), pool, worker.name(), worker.pid(), reason));
    }

    /** The process of a worker is gone; it crashed if it was not we who ended it. */
    void ended(Worker worker, Worker.State before, WorkerExit exit) {
        log.debug("{} of pool '{}' is gone ({}, was {})", worker, pool, exit.describe(), before);
        if (before == Worker.State.IDLE || before == Worker.State.BUSY) {
            stream.publish(() -> new ScopeEvent.WorkerCrashed(
                    Instant.now(), pool, worker.name(), worker.pid(), exit.describe()));
        }
    }
}
