package dev.loomscope.process;

import java.util.ArrayList;
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

    /** The next one; there is one. */
    PoolJob<?> first() {
        return jobs.getFirst();
    }

    /** The heaps that the next ones need, so many at most, in MiB. */
    List<Integer> heaps(int number) {
        return jobs.stream().limit(number).map(PoolJob::heapMiB).toList();
    }

    /** Takes all that need a larger heap than this, to fail them. */
    List<PoolJob<?>> takeLargerThan(int heapMiB) {
        List<PoolJob<?>> taken = new ArrayList<>();
        for (PoolJob<?> job : jobs) {
            if (job.heapMiB() > heapMiB) {
                taken.add(job);
            }
        }
        taken.forEach(jobs::remove);
        taken.forEach(job -> job.stage = PoolJob.Stage.DONE);
        return taken;
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
