package dev.loomscope.process;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * The starts of workers that are under way, and when there may be others: a start that fails is tried again, but later each time,
 * and one at a time until one succeeds. All of it is guarded by the pool's lock, except what a starting thread does.
 */
final class WorkerStarts {

    /** What becomes of a start. Called without the lock. */
    interface Owner {

        /** The worker is ready for tasks, once its threads are started. */
        void onReady(WorkerLaunch launch, Worker worker);

        /** There is no worker; its process, if there was one, is gone. */
        void onStartFailed(WorkerLaunch launch, WorkerStartException reason);

        /** The pause after a failure is over. */
        void onPauseEnded();
    }

    private static final int MAX_TRIES = 3;
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final int MAX_DOUBLINGS = 6;

    private final ProcessPoolConfig config;
    private final PoolThreads threads;
    private final StartArchive archive;
    private final ProgramCode code;
    private final Owner owner;

    private final Set<WorkerLaunch> launches = new LinkedHashSet<>();
    private int named; // how many workers have had a name
    private boolean paused;
    private int failed; // starts since the last worker in which a task began
    private int tries; // as 'failed', but those that were under way together count as one
    private long failingSince; // nanoTime; when the first of them began

    WorkerStarts(ProcessPoolConfig config, PoolThreads threads, StartArchive archive, ProgramCode code, Owner owner) {
        this.config = config;
        this.threads = threads;
        this.archive = archive;
        this.code = code;
        this.owner = owner;
    }

    /**
     * Starts workers until so many starts are under way, or fewer while starts fail, or while the heap of the next one does not fit.
     *
     * @param heaps what the tasks that wait need, in their order, in MiB; the others get the heap of the pool
     * @param roomMiB for the heaps of all that are under way then
     */
    void startUpTo(int wanted, List<Integer> heaps, long roomMiB) {
        int allowed = failed == 0 ? wanted : Math.min(wanted, 1);
        if (paused || launches.size() >= allowed) {
            return;
        }
        Deque<Integer> missing = new ArrayDeque<>(heaps);
        for (WorkerLaunch launch : launches) {
            missing.stream()
                    .filter(heap -> heap <= launch.heapMiB())
                    .findFirst()
                    .ifPresent(missing::removeFirstOccurrence);
        }
        long left = roomMiB - heapsMiB();
        while (launches.size() < allowed) {
            int heapMiB = Math.max(config.maxHeapMiB(), missing.isEmpty() ? 0 : missing.removeFirst());
            if (heapMiB > left) {
                return; // and none for those behind it, which would take its room
            }
            start(heapMiB);
            left -= heapMiB;
        }
    }

    /** The heaps of all that are under way, together, in MiB. */
    long heapsMiB() {
        return launches.stream().mapToLong(WorkerLaunch::heapMiB).sum();
    }

    /** Whether a start is under way of a worker that will have this heap, or none can be begun now. */
    boolean areBusyWith(int heapMiB) {
        return paused
                || (failed > 0 && !launches.isEmpty())
                || launches.stream().anyMatch(launch -> launch.heapMiB() >= heapMiB);
    }

    private void start(int heapMiB) {
        ProcessPoolConfig sized = heapMiB == config.maxHeapMiB() ? config : config.withMaxHeapMiB(heapMiB);
        WorkerLaunch launch = new WorkerLaunch(sized, "w" + ++named, threads, archive, code);
        launches.add(launch);
        try {
            threads.start("loom-scope-%s-launch".formatted(launch.name()), () -> run(launch));
        } catch (OutOfMemoryError e) {
            PoolTimer.schedule(Duration.ZERO, () -> owner.onStartFailed(launch, launch.failure(e))); // after the lock
        }
    }

    private void run(WorkerLaunch launch) {
        ClassPreload.begin(threads); // while the process starts; a close waits for this start, and then for that
        Worker worker;
        try {
            worker = launch.run();
        } catch (WorkerStartException e) {
            owner.onStartFailed(launch, e);
            return;
        } catch (RuntimeException | Error e) {
            owner.onStartFailed(launch, launch.failure(e));
            return;
        }
        owner.onReady(launch, worker);
    }

    /** A worker is ready. Whether it is of use, its first task will show. */
    void succeeded(WorkerLaunch launch) {
        launches.remove(launch);
    }

    /** One has failed; a pause begins. */
    void failed(WorkerLaunch launch) {
        launches.remove(launch);
        failed(launch.begun());
    }

    /** A worker that was ready has crashed before it was of use, which is no better. */
    void crashed() {
        failed(System.nanoTime());
    }

    private void failed(long begun) {
        failingSince = failed == 0 ? begun : failingSince;
        failed++;
        if (launches.isEmpty()) {
            tries++;
        }
        if (!paused) {
            paused = true;
            long factor = 1L << Math.clamp(tries - 1, 0, MAX_DOUBLINGS);
            PoolTimer.schedule(FIRST_PAUSE.multipliedBy(factor), owner::onPauseEnded);
        }
    }

    void endPause() {
        paused = false;
    }

    /** The next failure is the first. */
    void forgetFailures() {
        failed = 0;
        tries = 0;
    }

    /** Whether it is of no use to try again: several times in a row, or for as long as a start may take, none has succeeded. */
    boolean areHopeless() {
        return tries >= MAX_TRIES || failingFor() >= PoolTimer.nanos(config.startTimeout());
    }

    /** Whether the last one failed. */
    boolean areFailing() {
        return failed > 0;
    }

    /** How many have failed, in words that introduce the reason of the last one; empty for a single one. */
    String describeFailures() {
        return failed == 1
                ? ""
                : "%s starts have failed within %s ms, the last one so: "
                        .formatted(failed, TimeUnit.NANOSECONDS.toMillis(failingFor()));
    }

    private long failingFor() {
        return System.nanoTime() - failingSince;
    }

    /** How many are under way. */
    int underWay() {
        return launches.size();
    }

    /** Completed when those that are under way are over: with a worker, or with the reason why there is none. */
    List<CompletableFuture<Void>> ends() {
        return launches.stream().map(WorkerLaunch::end).toList();
    }

    /** Makes all that are under way fail soon. */
    void abort(String reason) {
        launches.forEach(launch -> launch.abort(reason));
    }
}
