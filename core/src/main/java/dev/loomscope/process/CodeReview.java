package dev.loomscope.process;

import java.util.ArrayList;
import java.util.List;

/**
 * Decides, when code on disk has changed, which workers of a pool may go on. A worker loads classes when it needs them, so that also one
 * that was started before the change may load new code after it. Only a worker that still has the old files open cannot; where the
 * system does not tell, none is trusted.
 *
 * <ul>
 *   <li>Idle workers retire, unless they have the old files open and tasks of the old code may still come from the queue.
 *   <li>Running tasks go on in workers that have the old files open. All others end with a {@link CodeChangedException}.
 *   <li>Tasks that wait are served by the workers that are left. If the program has loaded the new code, or if none is left, they fail
 *       in the same way.
 * </ul>
 */
final class CodeReview {

    private final PoolState pool;
    private volatile int seen; // any thread; the version of the code up to which this was done

    CodeReview(PoolState pool) {
        this.pool = pool;
        this.seen = 0; // a change from before the pool has no workers to be decided on
    }

    /** Looks whether the code has changed, and does what is needed then. Takes nanoseconds if not. Without the lock. */
    void look() {
        pool.code.check();
        decide();
    }

    /** As {@link #look}, when a task has ended that took this long. */
    void lookAfter(long nanos) {
        pool.code.checkAfter(nanos);
        decide();
    }

    private void decide() {
        ProgramCode.State state = pool.code.state();
        if (state.version() != seen) {
            review(state);
            seen = state.version(); // a reply is final only once this review is over
        }
    }

    private void review(ProgramCode.State state) {
        List<Worker> doubtful = new ArrayList<>();
        List<Worker> outdated = new ArrayList<>();
        for (Worker worker : live()) {
            List<CodeChange> changes = state.since(worker.epoch());
            if (!changes.isEmpty()
                    && !OpenFiles.of(String.valueOf(worker.pid())).holdAll(changes)) {
                doubtful.add(worker);
            } else if (worker.epoch() != state.epoch()) {
                outdated.add(worker);
            }
        }
        List<Worker> retired = new ArrayList<>();
        List<Worker> killed = new ArrayList<>();
        List<PoolJob<?>> failed;
        pool.lock.lock();
        try {
            outdated.forEach(worker -> letGo(worker, state, retired));
            doubtful.forEach(worker -> stop(worker, state, retired, killed));
            failed = pool.queue.takeIf(job -> job.epoch() != state.epoch());
            pool.dispatch(); // a start that cannot succeed fails those that no worker is left for
        } finally {
            pool.lock.unlock();
        }
        failed.forEach(job -> job.complete(new WorkerReply.Lost(outdated(job))));
        retired.forEach(worker -> pool.retire(worker, reason(state, worker)));
        killed.forEach(pool::kill);
    }

    // Guarded by lock. Its task, if it has one, runs the code that it should.
    private void letGo(Worker worker, ProgramCode.State state, List<Worker> retired) {
        if (pool.shelf.retireIfIdle(worker)) {
            retired.add(worker);
        } else {
            worker.worn = reason(state, worker);
        }
    }

    // Guarded by lock.
    private void stop(Worker worker, ProgramCode.State state, List<Worker> retired, List<Worker> killed) {
        PoolJob<?> job = worker.job;
        if (pool.shelf.retireIfIdle(worker)) {
            retired.add(worker);
        } else if (worker.state == Worker.State.BUSY && job != null) {
            worker.state = Worker.State.KILLED;
            worker.killReason = reason(state, worker);
            worker.codeChanged = ProgramCode.ended(job.name(), worker, state.since(worker.epoch()));
            killed.add(worker);
        }
    }

    /** The failure of a task that was prepared before the program loaded new code. */
    CodeChangedException outdated(PoolJob<?> job) {
        return ProgramCode.ended(job.name(), null, pool.code.state().since(job.epoch()));
    }

    /** As {@link #look}, for a worker that was added since this version and may have been overlooked. */
    void lookAgain(int version) {
        ProgramCode.State state = pool.code.state();
        if (state.version() != version) {
            review(state);
        }
    }

    private List<Worker> live() {
        pool.lock.lock();
        try {
            return pool.shelf.allLive();
        } finally {
            pool.lock.unlock();
        }
    }

    private static String reason(ProgramCode.State state, Worker worker) {
        return "its code is out of date: " + CodeChange.describe(state.since(worker.epoch()));
    }
}
