package dev.loomscope.process;

import org.jspecify.annotations.Nullable;

/**
 * Hears what workers say, on their reader threads, and decides what becomes of a task and of its worker when the one or the other
 * ends. A job is completed before anything else is done that could fail or that somebody hears of.
 */
final class TaskOutcomes implements Worker.Owner {

    private final PoolState pool;
    private final StartFailures failures;

    /** The end of a worker: what it was doing, whether it had said that its task starts, and whether that gets another one. */
    private record Ending(Worker.State before, @Nullable PoolJob<?> job, boolean told, boolean again) {}

    TaskOutcomes(PoolState pool) {
        this.pool = pool;
        this.failures = new StartFailures(pool);
    }

    @Override
    public ResultMemory memory() {
        return pool.memory;
    }

    @Override
    public void onStarted(Worker worker, long taskId) throws ProtocolException {
        PoolJob<?> job;
        pool.lock.lock();
        try {
            job = ensureJob(worker, taskId);
            if (job.started) {
                throw new ProtocolException("task %d has started twice".formatted(taskId));
            }
            begin(worker, job);
        } finally {
            pool.lock.unlock();
        }
        job.tellStart(worker);
    }

    // Guarded by the pool's lock.
    private void begin(Worker worker, PoolJob<?> job) {
        job.started = true;
        if (!worker.proven) {
            worker.proven = true;
            pool.starts.forgetFailures();
            pool.dispatch(); // several starts at once are allowed again
        }
    }

    // A thread that a task has left behind may still report when the next one runs.
    @Override
    public void onProgress(Worker worker, long taskId, ProgressReport progress) {
        PoolJob<?> job;
        pool.lock.lock();
        try {
            job = worker.job;
        } finally {
            pool.lock.unlock();
        }
        if (job != null && job.id() == taskId) {
            job.report(progress);
        }
    }

    // What has a reply has begun, also if the rest of that never comes.
    @Override
    public void onReplyBegins(Worker worker, long taskId) throws ProtocolException {
        PoolJob<?> job;
        boolean told;
        pool.lock.lock();
        try {
            job = ensureNoReply(worker, taskId);
            told = job.started;
            if (!told) {
                begin(worker, job);
            }
        } finally {
            pool.lock.unlock();
        }
        if (!told) {
            job.tellStart(worker);
        }
    }

    @Override
    public void onReply(Worker worker, long taskId, WorkerReply reply) throws ProtocolException {
        try {
            accept(worker, taskId, reply);
        } catch (ProtocolException e) {
            pool.memory.release(reply.bytes());
            throw e;
        } finally {
            pool.lock.send(); // after the job is complete
        }
    }

    private void accept(Worker worker, long taskId, WorkerReply reply) throws ProtocolException {
        boolean outOfMemory = reply.fatal();
        PoolJob<?> ended = null; // once its worker has it no more
        boolean told = true; // of its start
        String last; // why it is the worker's last; null if it is not
        pool.lock.lock();
        try {
            PoolJob<?> job = ensureNoReply(worker, taskId);
            if (reply instanceof WorkerReply.Cancelled && job.cancelReason() == null) {
                throw new ProtocolException("task %d is dropped, which nobody has cancelled".formatted(taskId));
            }
            if (worker.state != Worker.State.BUSY) {
                worker.lateReply = reply; // it is being killed: the task ends when its process is gone
                return;
            }
            told = job.started || reply instanceof WorkerReply.Cancelled;
            if (!told) {
                begin(worker, job); // and was over at once
            }
            job.stage = PoolJob.Stage.DONE;
            job.worker = null;
            worker.job = null;
            ended = job;
            String worn = pool.wear.afterTask(worker);
            worn = worn == null ? pool.inTheWay(worker) : worn;
            String unwanted = pool.endReason();
            last = outOfMemory ? "it ran out of memory" : unwanted != null ? unwanted : worn;
            if (last != null) {
                worker.state = Worker.State.RETIRED;
                pool.replace();
            } else {
                pool.giveBack(worker);
            }
        } finally {
            pool.lock.unlockUnsent();
            if (ended != null) {
                ended.complete(reply, told ? null : worker); // also if there is no memory for anything else
            }
        }
        pool.archive.onTaskDone();
        if (last != null) {
            pool.retire(worker, last);
        }
    }

    // Its shutdown hooks may take their time: a task that it got meanwhile would be lost with it.
    @Override
    public void onExiting(Worker worker) {
        pool.lock.lock();
        try {
            worker.worn = "it exits";
            pool.shelf.takeOut(worker);
        } finally {
            pool.lock.unlock();
        }
    }

    @Override
    public void onHeap(Worker worker, long bytes) {
        pool.wear.onHeap(worker, bytes);
    }

    @Override
    public void onEnded(Worker worker, WorkerExit exit) {
        PoolJob<?> job = lastJob(worker);
        try {
            end(worker, exit);
        } catch (RuntimeException | Error e) { // no memory, say
            if (job != null) {
                giveUp(job, worker, e);
            }
            throw e;
        } finally {
            forget(worker);
        }
    }

    // Nobody gives it another one after that.
    private @Nullable PoolJob<?> lastJob(Worker worker) {
        pool.lock.lock();
        try {
            pool.shelf.takeOut(worker);
            return worker.job;
        } finally {
            pool.lock.unlock();
        }
    }

    private void end(Worker worker, WorkerExit exit) {
        Ending ending = takeOut(worker, exit);
        String outlook = "";
        try {
            if (worker.state == Worker.State.CRASHED && !worker.proven) {
                failures.note(WorkerStarts::crashed, failures.crashed(worker, exit));
            }
            outlook = refill(worker, ending.again());
        } finally {
            if (ending.job() != null && !ending.again()) {
                WorkerReply last = lastReply(worker, ending.job(), ending.before(), exit, outlook);
                ending.job().complete(last, ending.told() ? null : worker);
            }
            pool.events.ended(worker, ending.before(), exit, worker.killReason);
        }
    }

    // It must not wait for ever, nor run after its end; unless it has another worker by now.
    private void giveUp(PoolJob<?> job, Worker worker, Throwable reason) {
        pool.lock.lock();
        try {
            if (job.worker != null && job.worker != worker) {
                return;
            }
            pool.queue.remove(job);
            job.stage = PoolJob.Stage.DONE;
        } finally {
            pool.lock.unlock();
        }
        job.complete(new WorkerReply.Lost(reason));
    }

    private Ending takeOut(Worker worker, WorkerExit exit) {
        pool.lock.lock();
        try {
            PoolJob<?> job = worker.job;
            Worker.State before = worker.state;
            boolean crashed = before == Worker.State.IDLE || before == Worker.State.BUSY;
            boolean lost = crashed || before == Worker.State.KILLED; // which may have stood still
            worker.job = null;
            worker.state = crashed ? Worker.State.CRASHED : before;
            boolean told = job == null || job.started || !exit.mayHaveBegun(job.id());
            if (job != null && !told) {
                begin(worker, job);
            }
            return new Ending(before, job, told, job != null && lost && queueAgain(job));
        } finally {
            pool.lock.unlock();
        }
    }

    // The last step: who closes the pool waits for it.
    private void forget(Worker worker) {
        pool.lock.lock();
        try {
            pool.shelf.remove(worker);
            pool.settle();
        } finally {
            pool.lock.unlock();
        }
    }

    // A task that has not started had no effects: it may have a second worker, once.
    private boolean queueAgain(PoolJob<?> job) {
        job.worker = null;
        if (job.started || job.sentAgain || pool.isOver() || job.cancelReason() != null) {
            job.stage = PoolJob.Stage.DONE;
            return false;
        }
        job.sentAgain = true;
        pool.queue.addAgain(job);
        return true;
    }

    // Starts another worker, if this one was lost, and says what there is now.
    private String refill(Worker worker, boolean again) {
        pool.lock.lock();
        try {
            boolean crashed = worker.state == Worker.State.CRASHED && worker.proven;
            boolean stoodStill = worker.state == Worker.State.KILLED && again;
            if (crashed || stoodStill) {
                pool.dispatch(); // the task that is queued again may have another worker
            }
            if (crashed) {
                pool.replace();
            }
            String next = pool.closed
                    ? "the pool is closed"
                    : Shutdown.hasBegun() && pool.starts.underWay() == 0
                            ? Shutdown.REASON
                            : pool.starts.underWay() > 0 ? "a new one starts" : "a new one starts when it is needed";
            return "%d of %d workers left, %s".formatted(pool.shelf.live(), pool.config.workers(), next);
        } finally {
            pool.lock.unlock();
        }
    }

    // A reply that was complete before the process ended counts.
    private WorkerReply lastReply(Worker worker, PoolJob<?> job, Worker.State before, WorkerExit exit, String outlook) {
        if (worker.lateReply != null) {
            return worker.lateReply;
        }
        return before == Worker.State.KILLED && job.cancelReason() != null
                ? new WorkerReply.Cancelled()
                : new WorkerReply.Lost(WorkerCrashedException.of(
                        worker, job, exit, pool.config.withMaxHeapMiB(worker.heapMiB()), outlook));
    }

    // Guarded by the pool's lock.
    private static PoolJob<?> ensureNoReply(Worker worker, long taskId) throws ProtocolException {
        PoolJob<?> job = ensureJob(worker, taskId);
        if (worker.lateReply != null) {
            throw new ProtocolException("task %d has ended twice".formatted(taskId));
        }
        return job;
    }

    // Guarded by the pool's lock.
    private static PoolJob<?> ensureJob(Worker worker, long taskId) throws ProtocolException {
        PoolJob<?> job = worker.job;
        if (job == null || job.id() != taskId) {
            throw new ProtocolException("it speaks of task %d, which it does not have".formatted(taskId));
        }
        return job;
    }
}
