package dev.loomscope.process;

import java.util.LinkedHashSet;
import java.util.List;

/** The tasks that wait for a worker, first come, first served. All of it is guarded by the pool's lock. */
final class JobQueue {

    private final LinkedHashSet<PoolJob<?>> jobs = new LinkedHashSet<>(); // the oldest first

    void add(PoolJob<?> job) {
        job.stage = PoolJob.Stage.QUEUED;
        jobs.addLast(job);
    }

    /** Adds a task that has waited already. */
    void addAgain(PoolJob<?> job) {
        job.stage = PoolJob.Stage.QUEUED;
        jobs.addFirst(job);
    }

    /** Takes the next one; there is one. */
    PoolJob<?> take() {
        return jobs.removeFirst();
    }

    /** Removes this one, if it waits. */
    void remove(PoolJob<?> job) {
        jobs.remove(job);
    }

    /** Takes all, to fail them. */
    List<PoolJob<?>> takeAll() {
        List<PoolJob<?>> taken = List.copyOf(jobs);
        jobs.clear();
        taken.forEach(job -> job.stage = PoolJob.Stage.DONE);
        return taken;
    }

    boolean isEmpty() {
        return jobs.isEmpty();
    }

    int size() {
        return jobs.size();
    }
}
