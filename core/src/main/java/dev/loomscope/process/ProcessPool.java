package dev.loomscope.process;

import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import java.io.ObjectInputFilter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs CPU tasks in worker processes: child JVMs with one task in flight each, so that a task that crashes or does not listen costs
 * its own process and nothing else.
 *
 * <p>Workers start when they are needed, up to the configured number; the most recently used one gets the next task, so that those
 * in excess become idle and are retired. Tasks that find no worker wait in a queue in this JVM, first come, first served. A worker
 * whose task goes on after a cancel and a grace period is killed together with its descendants, and replaced. A worker that ends
 * by itself fails the one task it had, with a {@link WorkerCrashedException}, and is replaced.
 *
 * <p>No worker outlives this JVM: not its normal exit, and not its death by more than two seconds.
 *
 * <p>Use {@link #shared()} unless a group of tasks needs a bound or a configuration of its own. Thread-safe.
 */
public final class ProcessPool implements CpuBackend, AutoCloseable {

    // Locks: 'lock' guards every field that says so, here and in Worker and PoolJob. It is never held during I/O, a
    // callback, or the
    // completion of a job.

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final String CLOSED = "its pool was closed";
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(15);

    private final ProcessPoolConfig config;
    private final boolean ambient;
    private final PoolEvents events;
    private final ObjectInputFilter allowedByName;
    private final AtomicLong jobIds = new AtomicLong();
    private final Worker.Owner workerOwner = new FromWorkers();

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition(); // a worker or a launch has gone
    private final Deque<Worker> idle = new ArrayDeque<>(); // guarded by lock; most recently used first
    private final Set<Worker> workers = new LinkedHashSet<>(); // guarded by lock; all whose process may live
    private final Set<WorkerLaunch> launches = new LinkedHashSet<>(); // guarded by lock
    private final LinkedHashSet<PoolJob<?>> queue = new LinkedHashSet<>(); // guarded by lock; the oldest first
    private int workersNamed; // guarded by lock
    private boolean reaping; // guarded by lock; whether the idle check is scheduled
    private volatile boolean closed; // written under lock; never goes back to false

    private ProcessPool(ProcessPoolConfig config, boolean ambient) {
        this.config = config;
        this.ambient = ambient;
        this.events = new PoolEvents(config);
        this.allowedByName = config.allowedResults().isEmpty()
                ? info -> ObjectInputFilter.Status.UNDECIDED
                : ObjectInputFilter.Config.createFilter(String.join(";", config.allowedResults()));
        log.info(
                "process pool '{}' opened: up to {} workers of {} MiB",
                config.name(),
                config.workers(),
                config.maxHeapMiB());
    }

    /**
     * Returns the pool that everybody shares, with the default configuration. It starts nothing until its first task, retires idle
     * workers and ends with the JVM; closing it has no effect.
     */
    public static ProcessPool shared() {
        return Shared.POOL;
    }

    /** Opens a pool with the default configuration. */
    public static ProcessPool open() {
        return open(ProcessPoolConfig.defaults());
    }

    /**
     * Opens a pool: {@code open(c -> c.withWorkers(4))}.
     *
     * @param configure gets the default configuration and returns the one to use
     */
    public static ProcessPool open(UnaryOperator<ProcessPoolConfig> configure) {
        return open(configure.apply(ProcessPoolConfig.defaults()));
    }

    /** Opens a pool with this configuration. It starts no worker until its first task. */
    public static ProcessPool open(ProcessPoolConfig config) {
        return new ProcessPool(config, false);
    }

    /** The configuration it was opened with. */
    public ProcessPoolConfig config() {
        return config;
    }

    @Override
    public <T extends @Nullable Object> CpuExecution<T> prepare(CpuRequest<T> request) {
        ensureOpen();
        return new PoolJob<>(
                this, jobIds.incrementAndGet(), request, TaskCodec.encodeTask(request.name(), request.task()));
    }

    /**
     * Ends all workers and waits until they are gone. Tasks that wait fail; tasks that run are cancelled, and their workers killed
     * after the grace period. Closing twice, or closing the {@linkplain #shared() shared} pool, has no effect.
     */
    @Override
    public void close() {
        if (ambient) {
            return;
        }
        List<PoolJob<?>> waiting = List.of();
        List<Worker> unused = List.of();
        List<PoolJob<?>> running = new ArrayList<>();
        lock.lock();
        try {
            if (!closed) {
                closed = true;
                waiting = takeQueue();
                launches.forEach(WorkerLaunch::abort);
                unused = List.copyOf(idle);
                idle.clear();
                unused.forEach(worker -> worker.state = Worker.State.RETIRED);
                workers.stream()
                        .map(worker -> worker.job)
                        .filter(Objects::nonNull)
                        .forEach(running::add);
            }
        } finally {
            lock.unlock();
        }
        unused.forEach(worker -> retire(worker, CLOSED));
        waiting.forEach(job -> job.complete(new WorkerReply.Lost(closedException())));
        running.forEach(job -> job.cancel("process pool '%s' was closed".formatted(config.name())));
        awaitNoProcess();
    }

    @Override
    public String toString() {
        lock.lock();
        try {
            return "ProcessPool[%s: %d of %d workers, %d starting, %d idle, %d tasks waiting%s]"
                    .formatted(
                            config.name(),
                            liveWorkers(),
                            config.workers(),
                            launches.size(),
                            idle.size(),
                            queue.size(),
                            closed ? ", closed" : "");
        } finally {
            lock.unlock();
        }
    }

    ObjectInputFilter allowedByName() {
        return allowedByName;
    }

    /** Gives a job to a worker, or lets it wait for one. */
    void submit(PoolJob<?> job) {
        WorkerReply refusal = null;
        lock.lock();
        try {
            if (job.stage == PoolJob.Stage.DONE) {
                return; // cancelled before it came here
            }
            if (closed) {
                job.stage = PoolJob.Stage.DONE;
                refusal = new WorkerReply.Lost(closedException());
            } else {
                job.stage = PoolJob.Stage.QUEUED;
                queue.addLast(job);
                dispatch();
            }
        } finally {
            lock.unlock();
        }
        if (refusal != null) {
            job.complete(refusal);
        }
    }

    /** Cancels a job wherever it is. */
    void cancel(PoolJob<?> job) {
        boolean ended = false;
        lock.lock();
        try {
            switch (job.stage) {
                case PREPARED, QUEUED -> {
                    queue.remove(job);
                    job.stage = PoolJob.Stage.DONE;
                    ended = true;
                }
                case SENT -> {
                    if (job.worker != null) {
                        Worker worker = job.worker;
                        worker.sendCancel(job.id());
                        PoolTimer.schedule(config.cancelGrace(), () -> killIfBusyWith(worker, job));
                    }
                }
                case DONE -> {}
            }
        } finally {
            lock.unlock();
        }
        if (ended) {
            job.complete(new WorkerReply.Cancelled());
        }
    }

    // Guarded by lock. Hands waiting jobs to idle workers, and starts workers for those that are left.
    private void dispatch() {
        while (!queue.isEmpty() && !idle.isEmpty()) {
            assign(queue.removeFirst(), idle.removeFirst());
        }
        while (!closed && launches.size() < queue.size() && liveWorkers() + launches.size() < config.workers()) {
            launch();
        }
    }

    private void assign(PoolJob<?> job, Worker worker) {
        job.stage = PoolJob.Stage.SENT;
        job.worker = worker;
        worker.state = Worker.State.BUSY;
        worker.job = job;
        worker.send(job);
    }

    // Guarded by lock; the caller puts the worker at its end of 'idle'.
    private void rest(Worker worker) {
        worker.state = Worker.State.IDLE;
        worker.idleSince = System.nanoTime();
        if (!reaping) {
            reaping = true;
            PoolTimer.schedule(config.idleTimeout(), this::retireIdle);
        }
    }

    private long liveWorkers() {
        return workers.stream()
                .filter(worker -> worker.state == Worker.State.IDLE || worker.state == Worker.State.BUSY)
                .count();
    }

    private void retireIdle() {
        List<Worker> expired = new ArrayList<>();
        lock.lock();
        try {
            long now = System.nanoTime();
            long limit = PoolTimer.nanos(config.idleTimeout());
            idle.stream().filter(worker -> now - worker.idleSince >= limit).forEach(expired::add);
            idle.removeAll(expired);
            expired.forEach(worker -> worker.state = Worker.State.RETIRED);
            reaping = !idle.isEmpty();
            if (reaping) {
                long oldest = idle.stream()
                        .mapToLong(worker -> now - worker.idleSince)
                        .max()
                        .orElse(0);
                long next = Math.max(limit - oldest, TimeUnit.MILLISECONDS.toNanos(1));
                PoolTimer.schedule(Duration.ofNanos(next), this::retireIdle);
            }
        } finally {
            lock.unlock();
        }
        String reason = "it was idle for %d ms".formatted(config.idleTimeout().toMillis());
        expired.forEach(worker -> retire(worker, reason));
    }

    // Without the lock; the worker's state is RETIRED already, so that nobody gives it another task.
    private void retire(Worker worker, String reason) {
        worker.retire();
        events.retired(worker, reason);
    }

    private void killIfBusyWith(Worker worker, PoolJob<?> job) {
        lock.lock();
        try {
            if (worker.job != job || worker.state != Worker.State.BUSY) {
                return; // it listened in time
            }
            worker.state = Worker.State.KILLED;
            worker.killReason = "CPU task '%s' went on for %d ms after its cancel (%s)"
                    .formatted(job.name(), config.cancelGrace().toMillis(), job.cancelReason());
            if (!closed && !LiveProcesses.isExiting()) {
                launch(); // ahead of need, while the old process is still dying
            }
        } finally {
            lock.unlock();
        }
        worker.kill();
    }

    // Guarded by lock.
    private void launch() {
        WorkerLaunch launch = new WorkerLaunch(config, "w" + ++workersNamed);
        launches.add(launch);
        Thread.ofPlatform()
                .daemon()
                .name("loom-scope-%s-launch".formatted(launch.name()))
                .start(() -> run(launch));
    }

    private void run(WorkerLaunch launch) {
        long before = System.nanoTime();
        try {
            Worker worker = launch.run();
            events.started(worker, Duration.ofNanos(System.nanoTime() - before));
            onReady(launch, worker);
        } catch (WorkerStartException | RuntimeException | Error e) {
            onStartFailed(launch, e);
        }
    }

    private void onReady(WorkerLaunch launch, Worker worker) {
        boolean tooLate;
        lock.lock();
        try {
            launches.remove(launch);
            workers.add(worker);
            worker.start(workerOwner);
            tooLate = closed;
            if (tooLate) {
                worker.state = Worker.State.RETIRED;
            } else {
                idle.addLast(worker); // it was not used yet: those that were go first
                rest(worker);
                dispatch();
            }
        } finally {
            lock.unlock();
        }
        if (tooLate) {
            retire(worker, CLOSED);
        }
    }

    // Tasks that wait are served by the workers that there are; if there is none, there is no hope for them.
    private void onStartFailed(WorkerLaunch launch, Throwable reason) {
        List<PoolJob<?>> hopeless = List.of();
        lock.lock();
        try {
            launches.remove(launch);
            if (liveWorkers() == 0 && launches.isEmpty()) {
                hopeless = takeQueue();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (hopeless.isEmpty() && !closed && !LiveProcesses.isExiting()) {
            log.warn("{}", reason.getMessage(), reason);
        }
        hopeless.forEach(job -> job.complete(
                new WorkerReply.Lost(new WorkerStartException(String.valueOf(reason.getMessage()), reason))));
    }

    private List<PoolJob<?>> takeQueue() {
        List<PoolJob<?>> taken = List.copyOf(queue);
        queue.clear();
        taken.forEach(job -> job.stage = PoolJob.Stage.DONE);
        return taken;
    }

    private void ensureOpen() {
        lock.lock();
        try {
            if (closed) {
                throw closedException();
            }
        } finally {
            lock.unlock();
        }
    }

    private IllegalStateException closedException() {
        return new IllegalStateException("process pool '%s' is closed".formatted(config.name()));
    }

    private void awaitNoProcess() {
        boolean interrupted = false;
        lock.lock();
        try {
            long left = PoolTimer.nanos(CLOSE_PATIENCE) + PoolTimer.nanos(config.cancelGrace());
            while (left > 0 && !(workers.isEmpty() && launches.isEmpty())) {
                try {
                    left = changed.awaitNanos(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (workers.isEmpty() && launches.isEmpty()) {
                log.info("process pool '{}' closed", config.name());
            } else {
                log.error("process pool '{}' closed, but these do not end: {}", config.name(), workers);
            }
        } finally {
            lock.unlock();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Shared {
        static final ProcessPool POOL =
                new ProcessPool(ProcessPoolConfig.defaults().withName("shared"), true);
    }

    /** What workers say, on their reader threads. */
    private final class FromWorkers implements Worker.Owner {

        @Override
        public void onStarted(Worker worker, long taskId) {
            PoolJob<?> job = ensureJob(worker, taskId);
            lock.lock();
            try {
                job.started = true;
            } finally {
                lock.unlock();
            }
            job.observeStart(worker.toString());
        }

        @Override
        public void onReply(Worker worker, long taskId, WorkerReply reply) {
            PoolJob<?> job = ensureJob(worker, taskId);
            boolean outOfMemory = reply instanceof WorkerReply.Failure failure && failure.fatal();
            boolean last;
            lock.lock();
            try {
                if (worker.state != Worker.State.BUSY) {
                    worker.lateReply = reply; // it is being killed: the task ends when its process is gone
                    return;
                }
                job.stage = PoolJob.Stage.DONE;
                job.worker = null;
                worker.job = null;
                last = outOfMemory || closed;
                next(worker, last);
            } finally {
                lock.unlock();
            }
            if (last) {
                retire(worker, outOfMemory ? "it ran out of memory" : CLOSED);
            }
            job.complete(reply);
        }

        private void next(Worker worker, boolean last) {
            if (last) {
                worker.state = Worker.State.RETIRED;
                launchReplacement();
            } else if (queue.isEmpty()) {
                idle.addFirst(worker);
                rest(worker);
            } else {
                assign(queue.removeFirst(), worker);
            }
        }

        @Override
        public void onEnded(Worker worker, WorkerExit exit) {
            PoolJob<?> job;
            Worker.State before;
            int left;
            boolean again;
            lock.lock();
            try {
                job = worker.job;
                before = worker.state;
                worker.job = null;
                worker.state =
                        before == Worker.State.IDLE || before == Worker.State.BUSY ? Worker.State.CRASHED : before;
                idle.remove(worker);
                workers.remove(worker);
                again = job != null && worker.state == Worker.State.CRASHED && queueAgain(job);
                if (worker.state == Worker.State.CRASHED) {
                    dispatch(); // the task that is queued again may have another worker
                    launchReplacement();
                }
                left = Math.toIntExact(liveWorkers());
                changed.signalAll();
            } finally {
                lock.unlock();
            }
            events.ended(worker, before, exit, worker.killReason);
            if (job != null && !again) {
                job.complete(lastReply(worker, job, before, exit, left));
            }
        }

        // A reply that was complete before the process ended counts.
        private WorkerReply lastReply(
                Worker worker, PoolJob<?> job, Worker.State before, WorkerExit exit, int workersLeft) {
            if (worker.lateReply != null) {
                return worker.lateReply;
            }
            return before == Worker.State.KILLED
                    ? new WorkerReply.Cancelled()
                    : new WorkerReply.Lost(WorkerCrashedException.of(worker, job, exit, config, workersLeft));
        }

        // A task that has not started had no effects: it may have a second worker, once.
        private boolean queueAgain(PoolJob<?> job) {
            job.worker = null;
            if (job.started || job.sentAgain || closed || job.cancelReason() != null) {
                job.stage = PoolJob.Stage.DONE;
                return false;
            }
            job.sentAgain = true;
            job.stage = PoolJob.Stage.QUEUED;
            queue.addFirst(job);
            return true;
        }

        private void launchReplacement() {
            if (!closed && !LiveProcesses.isExiting() && liveWorkers() + launches.size() < config.workers()) {
                launch();
            }
        }

        private PoolJob<?> ensureJob(Worker worker, long taskId) {
            lock.lock();
            try {
                PoolJob<?> job = worker.job;
                if (job == null || job.id() != taskId) {
                    throw new IllegalStateException(
                            "%s speaks of task %d, which it does not have".formatted(worker, taskId));
                }
                return job;
            } finally {
                lock.unlock();
            }
        }
    }
}
