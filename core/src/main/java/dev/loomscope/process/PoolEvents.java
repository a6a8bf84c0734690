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
        stream.publish(() -> new ScopeEvent.WorkerStarted(Instant.now(), pool, worker.name(), worker.pid(), startup));
    }

    void retired(Worker worker, String reason) {
        log.debug("{} of pool '{}' is retired: {}", worker, pool, reason);
        stream.publish(() -> new ScopeEvent.WorkerRetired(Instant.now(), pool, worker.name(), worker.pid(), reason));
    }

    /** The process of a worker is gone, because we killed it or by itself. */
    void ended(Worker worker, Worker.State before, WorkerExit exit, String killReason) {
        log.debug("{} of pool '{}' is gone ({}, was {})", worker, pool, exit.describe(), before);
        switch (before) {
            case KILLED ->
                stream.publish(() ->
                        new ScopeEvent.WorkerKilled(Instant.now(), pool, worker.name(), worker.pid(), killReason));
            case IDLE, BUSY, CRASHED ->
                stream.publish(() -> new ScopeEvent.WorkerCrashed(
                        Instant.now(), pool, worker.name(), worker.pid(), exit.describe()));
            case RETIRED -> {}
        }
    }
}
