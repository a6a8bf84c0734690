package dev.loomscope.process;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What can be asked of a pool: to run a job, to cancel it, to close. */
final class PoolDispatcher {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(15);
    private static final Duration CLOSE_LOOK = Duration.ofSeconds(1);
    private static final Duration LISTENER_PATIENCE = Duration.ofSeconds(1);

    private final PoolState pool;

    PoolDispatcher(ProcessPoolConfig config, PoolThreads threads) {
        this.pool = new PoolState(config, threads);
    }

    ProcessPoolConfig config() {
        return pool.config;
    }

    /**
     * Guards against use after close.
     *
     * @return whether it has a live worker
     * @throws IllegalStateException if it is closed
     */
    boolean ensureOpen() {
        pool.lock.lock();
        try {
            if (pool.closed) {
                throw pool.closedException();
            }
            return pool.shelf.live() > 0;
        } finally {
            pool.lock.unlock();
        }
    }

    /**
     * Guards against a fork of code that workers do not have.
     *
     * @param warm whether a worker is live; if not, the next one starts, and looks soon
     * @return the epoch of the program
     * @throws CodeChangedException if files differ from what the program runs
     */
    int ensureCodeUnchanged(String task, boolean warm) {
        if (!warm) {
            pool.code.checkSoon();
        }
        pool.review.look();
        return pool.code.ensureUnchanged(task);
    }

    /** What the results of the pool's workers take. */
    ResultMemory memory() {
        return pool.memory;
    }

    /** How long code may go on that was told to stop. */
    Duration cancelGrace() {
        return pool.config.cancelGrace();
    }

    /** The room for tasks that have no worker yet. */
    QueueRoom room() {
        return pool.room;
    }

    /** Starts workers until so many are live, and says how many they are in the end. */
    CompletableFuture<Integer> prewarm(int workers) {
        List<CompletableFuture<Void>> starts;
        pool.lock.lock();
        try {
            if (pool.closed) {
                throw pool.closedException();
            }
            pool.prewarm(workers);
            starts = pool.starts.ends();
        } finally {
            pool.lock.unlock();
        }
        return CompletableFuture.allOf(starts.toArray(CompletableFuture<?>[]::new))
                .thenApplyAsync(all -> stats().live(), CompletionThreads::execute); // what follows is code of users
    }

    /** Gives a job to a worker, or lets it wait for one. */
    void submit(PoolJob<?> job) {
        Throwable refusal = null;
        boolean outdated = false; // the program has moved on since it was prepared
        pool.lock.lock();
        try {
            if (job.stage == PoolJob.Stage.DONE) {
                return; // cancelled before it came here
            }
            outdated = job.epoch() != pool.code.state().epoch();
            if (pool.isOver()) {
                refusal = pool.overException(job);
            } else if (job.isLate()) {
                refusal = pool.shutdownException(job);
            }
            if (refusal != null || outdated) {
                job.stage = PoolJob.Stage.DONE;
            } else {
                enqueue(job);
            }
        } finally {
            pool.lock.unlock();
        }
        if (refusal != null) {
            job.complete(new WorkerReply.Lost(refusal));
        } else if (outdated) {
            PoolState.fail(List.of(job), () -> pool.review.outdated(job));
        }
    }

    // Guarded by the pool's lock. If there is no memory for it, whoever forked it is told, and nobody runs it.
    private void enqueue(PoolJob<?> job) {
        try {
            PoolTimer.ensureRunning(); // it may have ended since the task was prepared
            pool.queue.add(job);
            pool.dispatch();
        } catch (RuntimeException | Error e) {
            if (job.stage == PoolJob.Stage.SENT) {
                return; // what else there was to do concerns others, and comes with the next task
            }
            pool.queue.remove(job);
            job.stage = PoolJob.Stage.DONE;
            job.leaveQueue();
            throw e;
        }
    }

    /** Cancels a job wherever it is. */
    void cancel(PoolJob<?> job) {
        boolean ended = false;
        Worker deaf = null;
        pool.lock.lock();
        try {
            switch (job.stage) {
                case PREPARED, QUEUED -> {
                    pool.queue.remove(job);
                    job.stage = PoolJob.Stage.DONE;
                    ended = true;
                }
                case SENT -> {
                    if (job.worker != null && !tellOfCancel(job.worker, job)) {
                        deaf = job.worker;
                    }
                }
                case DONE -> {}
            }
        } finally {
            pool.lock.unlock();
        }
        if (ended) {
            job.complete(new WorkerReply.Cancelled());
        }
        if (deaf != null) {
            pool.kill(deaf);
        }
    }

    // Guarded by the pool's lock. If there is no memory for it, its worker is marked as killed: there is no second
    // cancel.
    private boolean tellOfCancel(Worker worker, PoolJob<?> job) {
        try {
            worker.cancel(job);
            pool.lock.sendLater(worker);
            PatientDelay.schedule(
                    pool.config.cancelGrace(), () -> isBusyWith(worker, job), () -> killIfBusyWith(worker, job));
            return true;
        } catch (OutOfMemoryError e) {
            if (worker.state != Worker.State.BUSY) {
                return true; // it is being killed already
            }
            worker.state = Worker.State.KILLED;
            worker.killReason = "there was no memory to tell it of a cancel";
            return false;
        }
    }

    private boolean isBusyWith(Worker worker, PoolJob<?> job) {
        pool.lock.lock();
        try {
            return worker.job == job && worker.state == Worker.State.BUSY;
        } finally {
            pool.lock.unlock();
        }
    }

    private void killIfBusyWith(Worker worker, PoolJob<?> job) {
        pool.lock.lock();
        try {
            if (worker.job != job || worker.state != Worker.State.BUSY) {
                return; // it listened in time
            }
            worker.state = Worker.State.KILLED;
            worker.killReason = "CPU task '%s' went on for %s ms after its cancel (%s)"
                    .formatted(job.name(), pool.config.cancelGrace().toMillis(), job.cancelReason());
        } finally {
            pool.lock.unlock();
        }
        pool.kill(worker);
    }

    /** Fails what waits, cancels what runs, and waits until no process is left. Once more, it only waits. */
    void close() {
        List<PoolJob<?>> waiting = List.of();
        List<PoolJob<?>> running = List.of();
        List<Worker> unused = List.of();
        pool.lock.lock();
        try {
            if (!pool.closed) {
                pool.closed = true;
                waiting = pool.queue.takeAll();
                pool.starts.abort(PoolState.CLOSED);
                unused = pool.shelf.retireIdle(0);
                running = pool.shelf.jobs();
            }
        } finally {
            pool.lock.unlock();
        }
        pool.room.close();
        PoolState.fail(waiting, pool::closedException);
        unused.forEach(worker -> pool.retire(worker, PoolState.CLOSED));
        running.forEach(job -> job.cancel("process pool '%s' was closed".formatted(pool.config.name())));
        pool.archive.close();
        awaitNoProcess();
        pool.events.awaitDelivery(LISTENER_PATIENCE);
    }

    private void awaitNoProcess() {
        boolean interrupted = false;
        pool.lock.lock();
        try {
            long left = PoolTimer.nanos(CLOSE_PATIENCE) + PoolTimer.nanos(pool.config.cancelGrace());
            while (left > 0 && !pool.isEmpty()) {
                try {
                    long now = Math.min(left, CLOSE_LOOK.toNanos());
                    left -= now - Math.max(0, pool.changed.awaitNanos(now)); // a standstill of ours counts as one look
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (pool.isEmpty()) {
                pool.stopChecks();
                log.info("process pool '{}' closed", pool.config.name());
            } else {
                log.error(
                        "process pool '{}' closed, but {} of its workers have not ended, though they were killed, and {} starts go on:"
                                + " {}. They take memory until they end: see ps -o stat,wchan -p and their pids",
                        pool.config.name(),
                        pool.shelf.all().size(),
                        pool.starts.underWay(),
                        pool.shelf.all());
            }
        } finally {
            pool.lock.unlock();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** What is in the pool, and what has happened in it. */
    ProcessPoolStats stats() {
        PoolCounts counts = pool.counts;
        pool.lock.lock();
        try {
            return new ProcessPoolStats(
                    pool.config.workers(),
                    pool.shelf.live(),
                    pool.starts.underWay(),
                    pool.shelf.idle(),
                    pool.shelf.live() - pool.shelf.idle(),
                    pool.queue.size(),
                    pool.room.held(),
                    pool.config.maxQueuedBytes(),
                    counts.done.sum(),
                    counts.failed.sum(),
                    counts.cancelled.sum(),
                    counts.started.sum(),
                    counts.retired.sum(),
                    counts.killed.sum(),
                    counts.crashed.sum());
        } finally {
            pool.lock.unlock();
        }
    }

    /** What has happened in the pool. */
    PoolCounts counts() {
        return pool.counts;
    }

    /** What is in the pool, for people. */
    String describe() {
        pool.lock.lock();
        try {
            return "%s of %s workers, %s starting, %s idle, %s tasks waiting%s"
                    .formatted(
                            pool.shelf.live(),
                            pool.config.workers(),
                            pool.starts.underWay(),
                            pool.shelf.idle(),
                            pool.queue.size(),
                            pool.closed ? ", closed" : "");
        } finally {
            pool.lock.unlock();
        }
    }
}
