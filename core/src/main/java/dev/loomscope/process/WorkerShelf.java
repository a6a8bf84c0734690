package dev.loomscope.process;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The workers of a pool, and which of them are free. All of it is guarded by the pool's lock. */
final class WorkerShelf {

    private final Deque<Worker> idle = new ArrayDeque<>(); // most recently used first
    private final Set<Worker> workers = new LinkedHashSet<>(); // all that have not ended completely

    /** Takes in a worker that has just started. */
    void add(Worker worker) {
        workers.add(worker);
    }

    /** Sees to it that nobody gets this worker. */
    void takeOut(Worker worker) {
        idle.remove(worker);
    }

    /** Removes a worker whose process is gone and which was {@linkplain #takeOut taken out}. */
    void remove(Worker worker) {
        workers.remove(worker);
    }

    /** Puts back a worker that has done its task: it gets the next one. */
    void giveBack(Worker worker) {
        idle.addFirst(worker);
        rest(worker);
    }

    /** Puts a new worker behind those that were used already. */
    void addUnused(Worker worker) {
        idle.addLast(worker);
        rest(worker);
    }

    private static void rest(Worker worker) {
        worker.state = Worker.State.IDLE;
        worker.idleSince = System.nanoTime();
    }

    /** Takes the worker that was used last of those that suit a task; null if none is free. */
    @Nullable
    Worker takeIdle(PoolJob<?> job) {
        for (Worker worker : idle) {
            if (worker.suits(job)) {
                idle.remove(worker);
                return worker;
            }
        }
        return null;
    }

    /** Takes the one that was not used for longest, and marks it as retired; null if none is idle. */
    @Nullable
    Worker retireOldest() {
        Worker oldest = idle.pollLast();
        if (oldest != null) {
            oldest.state = Worker.State.RETIRED;
        }
        return oldest;
    }

    /** The largest heap of those that have a task, or can have one, in MiB; -1 if there is none. */
    int largestHeapMiB() {
        return workers.stream()
                .filter(WorkerShelf::isLive)
                .mapToInt(Worker::heapMiB)
                .max()
                .orElse(-1);
    }

    /** All that have a task, or can have one. */
    List<Worker> allLive() {
        return workers.stream().filter(WorkerShelf::isLive).toList();
    }

    /** The heaps of those that have a task, or can have one, together, in MiB. */
    long heapsMiB() {
        return workers.stream()
                .filter(WorkerShelf::isLive)
                .mapToLong(Worker::heapMiB)
                .sum();
    }

    /** Those of them that are idle. */
    long idleHeapsMiB() {
        return idle.stream().mapToLong(Worker::heapMiB).sum();
    }

    /** Takes a worker out if it is idle, and marks it as retired; returns whether it was. */
    boolean retireIfIdle(Worker worker) {
        boolean idling = idle.remove(worker);
        if (idling) {
            worker.state = Worker.State.RETIRED;
        }
        return idling;
    }

    /** Takes those that were idle for at least this long, and marks them as retired. */
    List<Worker> retireIdle(long nanos) {
        long now = System.nanoTime();
        List<Worker> expired = new ArrayList<>(
                idle.stream().filter(worker -> now - worker.idleSince >= nanos).toList());
        idle.removeAll(expired);
        expired.forEach(worker -> worker.state = Worker.State.RETIRED);
        return expired;
    }

    /** Marks all as ended by us: those with a task as killed for this reason, the others as retired. */
    void endAll(String reason) {
        retireIdle(0);
        for (Worker worker : workers) {
            if (worker.state == Worker.State.BUSY) {
                worker.state = Worker.State.KILLED;
                worker.killReason = reason;
            }
        }
    }

    /** For how long the one that was not used for longest is idle, in ns; 0 if none is idle. */
    long longestIdle() {
        long now = System.nanoTime();
        return idle.stream().mapToLong(worker -> now - worker.idleSince).max().orElse(0);
    }

    /** Whether one has got its first task, which has not begun yet. */
    boolean isProving() {
        return workers.stream().anyMatch(worker -> worker.state == Worker.State.BUSY && !worker.proven);
    }

    private static boolean isLive(Worker worker) {
        return worker.state == Worker.State.IDLE || worker.state == Worker.State.BUSY;
    }

    /** How many have a task, or can have one. */
    int live() {
        int live = 0;
        for (Worker worker : workers) { // at each task: no stream
            if (isLive(worker)) {
                live++;
            }
        }
        return live;
    }

    int idle() {
        return idle.size();
    }

    /** All that have not ended completely: with their process, their task and all that is said of them. */
    List<Worker> all() {
        return List.copyOf(workers);
    }

    /** The tasks that workers have. */
    List<PoolJob<?>> jobs() {
        List<PoolJob<?>> jobs = new ArrayList<>();
        workers.stream().map(worker -> worker.job).filter(Objects::nonNull).forEach(jobs::add);
        return jobs;
    }
}
