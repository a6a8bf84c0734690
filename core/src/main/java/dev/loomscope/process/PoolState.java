package dev.loomscope.process;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the parts of one pool share: the tasks that wait, the workers, their starts, and the one lock that guards them.
 *
 * <p>That lock guards all of {@link JobQueue}, {@link WorkerShelf} and {@link WorkerStarts}, and every field that says so, here, in
 * {@link IdleCheck}, {@link Worker} and {@link PoolJob}. It is never held during I/O, a callback or the completion of a job, and
 * what runs under it does not throw: a thread that cannot be started is dealt with later, by the timer.
 */
final class PoolState {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);

    static final String CLOSED = "its pool was closed";

    final ProcessPoolConfig config;
    final PoolCounts counts = new PoolCounts();
    final QueueRoom room;
    final PoolEvents events;
    final WorkerWear wear;
    final StartArchive archive;
    final PoolLock lock = new PoolLock();
    final Condition changed = lock.newCondition(); // a worker or a start has gone
    final JobQueue queue = new JobQueue(); // guarded by lock
    final WorkerShelf shelf = new WorkerShelf(); // guarded by lock
    final WorkerStarts starts; // guarded by lock
    boolean closed; // guarded by lock; never goes back to false
    final ResultMemory memory;
    private boolean
            over; // guarded by lock; never goes back to false; this JVM is shutting down and runs no further task
    private boolean enlisted; // guarded by lock; takes part in a shutdown of this JVM
    private boolean limited; // guarded by lock; never goes back to false; the limit of its shutdown is set

    private final IdleCheck idleCheck;
    private final StartedCheck startedCheck;

    PoolState(ProcessPoolConfig config, PoolThreads threads) {
        this.config = config;
        this.memory = ResultMemory.of(config);
        this.room = new QueueRoom(config.name(), config.maxQueuedBytes());
        this.events = new PoolEvents(config, threads, counts);
        this.wear = new WorkerWear(this);
        this.archive = new StartArchive(config, threads);
        this.starts = new WorkerStarts(config, threads, archive, new StartOutcomes(this));
        this.idleCheck = new IdleCheck(config.idleTimeout(), lock, shelf, this::retire);
        this.startedCheck = new StartedCheck(config.startTimeout(), lock, shelf, this::killStanding);
    }

    /**
     * Hands waiting jobs to idle workers, and starts workers for those that are left. Nobody overtakes the first in line: while it
     * waits for a worker with a larger heap, those behind it wait too. Guarded by lock.
     */
    void dispatch() {
        boolean used = false;
        Worker worker = queue.isEmpty() ? null : shelf.takeIdle(queue.first());
        while (worker != null) {
            assign(queue.take(), worker);
            used = true;
            worker = queue.isEmpty() ? null : shelf.takeIdle(queue.first());
        }
        makeRoom();
        boolean spare = used && config.singleUse() && shelf.idle() == 0;
        startUpTo(Math.max(queue.size(), spare ? 1 : 0));
    }

    // The first in line may need a larger heap than those have who take up all the room: places, or memory.
    private void makeRoom() {
        if (closed || queue.isEmpty() || shelf.idle() == 0) {
            return;
        }
        int heapMiB = queue.first().heapMiB();
        if (starts.areBusyWith(heapMiB) || freeMiB() + shelf.idleHeapsMiB() < heapOf(heapMiB)) {
            return; // those that are busy will have to go first
        }
        while (!hasRoomFor(heapMiB)) {
            Worker unsuited = shelf.retireOldest();
            if (unsuited == null) {
                return;
            }
            retireLater(unsuited, "a task needs a heap of %d MiB, it has %d".formatted(heapMiB, unsuited.heapMiB()));
        }
    }

    /**
     * Why a worker that has just done its task should go: it has a larger heap than the others, which nobody in line needs now, and
     * which keeps several of them from working at the same time. Null if it does not. Guarded by lock.
     */
    @Nullable
    String inTheWay(Worker worker) {
        if (worker.heapMiB() <= config.maxHeapMiB()) {
            return null;
        }
        boolean needed = queue.size() < 2 || queue.first().heapMiB() > config.maxHeapMiB();
        boolean others = shelf.live() + starts.underWay() < config.workers() && freeMiB() < config.maxHeapMiB();
        return !needed && others
                ? "its heap of %d MiB keeps others from starting within the memory budget of %d MiB"
                        .formatted(worker.heapMiB(), config.memoryBudgetMiB())
                : null;
    }

    private boolean hasRoomFor(int heapMiB) {
        return shelf.live() + starts.underWay() < config.workers() && freeMiB() >= heapOf(heapMiB);
    }

    // What is left of the budget; never less than nothing.
    private long freeMiB() {
        return config.memoryBudgetMiB() - shelf.heapsMiB() - starts.heapsMiB();
    }

    private int heapOf(int heapMiB) {
        return Math.max(heapMiB, config.maxHeapMiB());
    }

    // After the lock.
    private void retireLater(Worker worker, String reason) {
        PoolTimer.schedule(Duration.ZERO, () -> retire(worker, reason));
    }

    /** Lets a worker that has done its task have the next one, or none. Guarded by lock. */
    void giveBack(Worker worker) {
        if (!queue.isEmpty() && worker.suits(queue.first())) {
            assign(queue.take(), worker);
            return;
        }
        shelf.giveBack(worker);
        idleCheck.onIdle();
        if (!queue.isEmpty()) {
            dispatch();
        }
    }

    /** Takes in a worker that has just started. Guarded by lock. */
    void add(Worker worker) {
        shelf.addUnused(worker);
        idleCheck.onIdle();
        dispatch();
    }

    /**
     * Starts a worker ahead of need, in place of one that has gone: who has used one up is likely to want another. What it leaves may
     * also be room for a larger one, or for several. Guarded by lock.
     */
    void replace() {
        startUpTo(starts.underWay() + 1);
        if (!queue.isEmpty()) {
            dispatch();
        }
    }

    /** Starts workers until so many are live, or as many as there may be. Guarded by lock. */
    void prewarm(int workers) {
        startUpTo(workers - shelf.live());
    }

    private void startUpTo(int wanted) {
        int most = Math.min(wanted, config.workers() - shelf.live());
        if (Shutdown.hasBegun()) {
            most = Math.min(most, queue.size()); // none ahead of need
        }
        if (most <= starts.underWay() || closed || over) {
            return;
        }
        if (!enlisted) {
            enlisted = true;
            Shutdown.add(this);
        }
        if (starts.areFailing() && shelf.isProving()) {
            return; // one at a time, up to the moment at which it shows what it is worth
        }
        long roomMiB = config.memoryBudgetMiB() - shelf.heapsMiB();
        starts.startUpTo(most, queue.heaps(most), roomMiB);
    }

    /** Why a worker that is free gets no further task; null if it may get one. Guarded by lock. */
    @Nullable
    String endReason() {
        if (closed) {
            return CLOSED;
        }
        boolean drained = Shutdown.hasBegun() && queue.isEmpty() && room.held() == 0;
        return over || drained ? Shutdown.REASON : null;
    }

    /** Whether no task can run any more. Guarded by lock. */
    boolean isOver() {
        return closed || over;
    }

    /** What the caller is told whose task can no longer run. Guarded by lock. */
    RuntimeException overException(PoolJob<?> job) {
        return closed ? closedException() : shutdownException(job);
    }

    /** What the caller is told who has forked a task after the shutdown of this JVM had begun. */
    RejectedExecutionException shutdownException(PoolJob<?> job) {
        return new RejectedExecutionException(
                "process pool '%s' rejected CPU task '%s': this JVM is about to exit. Its shutdown has begun, in which only tasks that were forked before may run. Fork earlier, or do this work in the shutdown hook itself."
                        .formatted(config.name(), job.name()));
    }

    /** Whether it has tasks that were forked and have not ended. Without the lock. */
    boolean isBusy() {
        lock.lock();
        try {
            return !queue.isEmpty() || room.held() > 0 || !shelf.jobs().isEmpty();
        } finally {
            lock.unlock();
        }
    }

    /** The shutdown of this JVM begins: idle workers go, the others may end their tasks within the grace. Without the lock. */
    void beginShutdown() {
        List<Worker> unused = List.of();
        int tasks;
        lock.lock();
        try {
            limitShutdown();
            tasks = queue.size() + shelf.jobs().size();
            if (queue.isEmpty() && room.held() == 0) {
                starts.abort(Shutdown.REASON);
                unused = shelf.retireIdle(0);
            }
        } finally {
            lock.unlock();
        }
        unused.forEach(worker -> retire(worker, Shutdown.REASON));
        if (tasks > 0) {
            log.info(
                    "this JVM is shutting down: {} CPU tasks of pool '{}' may go on while other shutdown hooks run, for {} ms at most",
                    tasks,
                    config.name(),
                    shutdownMillis());
        }
    }

    // The grace may be longer than a long can say.
    private long shutdownMillis() {
        return TimeUnit.NANOSECONDS.toMillis(PoolTimer.nanos(config.shutdownGrace()));
    }

    /** Sets the limit of the shutdown, once. Guarded by lock. */
    void limitShutdown() {
        if (!limited) {
            limited = true;
            PoolTimer.schedule(config.shutdownGrace(), this::cutShutdown);
        }
    }

    // The grace is over.
    private void cutShutdown() {
        String reason = "this JVM is about to exit, and the shutdown grace of pool '%s' (%d ms) is over"
                .formatted(config.name(), shutdownMillis());
        List<PoolJob<?>> jobs = new ArrayList<>();
        lock.lock();
        try {
            if (isOver()) {
                return;
            }
            over = true;
            starts.abort(Shutdown.REASON);
            jobs.addAll(queue.all());
            jobs.addAll(shelf.jobs());
        } finally {
            lock.unlock();
        }
        room.close();
        if (!jobs.isEmpty()) {
            log.warn(
                    "{}: its {} CPU tasks are cancelled. If they need longer, raise withShutdownGrace, and the time that the framework and the service manager wait",
                    reason,
                    jobs.size());
        }
        jobs.forEach(job -> job.cut(reason));
    }

    /**
     * This JVM exits, and nobody waits for its tasks: marks all workers as ended by us, so that their processes can be killed. Without
     * the lock.
     *
     * @return how many tasks there were
     */
    int endForExit() {
        List<PoolJob<?>> jobs = new ArrayList<>();
        lock.lock();
        try {
            over = true;
            starts.abort(Shutdown.REASON);
            jobs.addAll(queue.takeAll());
            jobs.addAll(shelf.jobs());
            shelf.endAll(Shutdown.REASON);
        } finally {
            lock.unlock();
        }
        room.close();
        jobs.forEach(job -> job.cancelForExit(Shutdown.REASON));
        return jobs.size();
    }

    /** Looks whether there is anything left that a shutdown of this JVM has to take care of. Guarded by lock. */
    void settle() {
        changed.signalAll();
        if (enlisted && isEmpty() && queue.isEmpty()) {
            enlisted = false;
            Shutdown.remove(this);
        }
    }

    private void assign(PoolJob<?> job, Worker worker) {
        job.stage = PoolJob.Stage.SENT;
        job.worker = worker;
        job.leaveQueue();
        worker.state = Worker.State.BUSY;
        worker.job = job;
        worker.assign(job);
        lock.sendLater(worker);
        startedCheck.onAssigned();
    }

    // Its task is sent to another one when it is gone.
    private void killStanding(Worker worker) {
        log.warn("{} of pool '{}' stands still and is killed: {}", worker, config.name(), worker.killReason);
        kill(worker);
    }

    /** Ends a worker whose state is KILLED already, and replaces it while it is still dying. Without the lock. */
    void kill(Worker worker) {
        try {
            worker.kill();
        } finally {
            lock.lock();
            try {
                replace();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Ends a worker whose state is RETIRED already, so that nobody gives it another task. Without the lock. */
    void retire(Worker worker, String reason) {
        worker.retire();
        events.retired(worker, reason);
    }

    /** Whether no process lives, and none is being started. Guarded by lock. */
    boolean isEmpty() {
        return shelf.all().isEmpty() && starts.underWay() == 0;
    }

    /** Fails those that can have no answer. Without the lock. */
    static void fail(List<PoolJob<?>> jobs, Supplier<? extends Throwable> reason) {
        jobs.forEach(job -> job.complete(new WorkerReply.Lost(reason.get())));
    }

    /** What somebody is told who comes too late. */
    IllegalStateException closedException() {
        return new IllegalStateException(
                "process pool '%s' is closed: it runs no further tasks. Close it after the last scope that uses it."
                        .formatted(config.name()));
    }
}
