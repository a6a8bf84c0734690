package dev.loomscope.demos;

import static dev.loomscope.core.TaskKind.BLOCKING;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.core.Task;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The workload of {@link MixedWork}, and the ways to run it.
 *
 * @param steps the argument of {@code computeSome}
 * @param sleeps the argument of {@code waitSome}
 * @param page the argument of the downloads
 */
record ElevenTasks(int steps, int sleeps, URI page) {

    /**
     * How it went.
     *
     * @param took all together
     * @param each what each task took, as far as that was measured
     * @param checksum of what was computed
     */
    record Run(Duration took, List<Duration> each, long checksum) {

        long millis() {
            return took.toMillis();
        }
    }

    /** In one scope: the caller forks, and the implementer of each function has said where it runs. */
    Run mixed(ScopeConfig config) throws Exception {
        long start = System.nanoTime();
        try (var scope = MixedScope.<Long>open(config)) {
            List<Subtask<Long>> computed = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                computed.add(scope.fork(Work::computeSome, steps));
            }
            forkTheOthers(scope);
            scope.join();
            return run(start, computed.stream().map(Subtask::get).toList());
        }
    }

    /** The same, but the caller overrules the implementer: what computes has a thread instead of a process. */
    Run mixedOnThreads() throws Exception {
        long start = System.nanoTime();
        try (var scope = MixedScope.<Long>open()) {
            List<Subtask<Long>> computed = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                computed.add(scope.fork(BLOCKING, Work::computeSome, steps));
            }
            forkTheOthers(scope);
            scope.join();
            return run(start, computed.stream().map(Subtask::get).toList());
        }
    }

    private void forkTheOthers(MixedScope<Long, ?> scope) {
        for (int i = 0; i < 2; i++) {
            scope.fork(Work::downloadSome, page);
            scope.fork(Work::downloadSomeMore, page);
        }
        for (int i = 0; i < 4; i++) {
            scope.fork(Work::waitSome, sleeps);
        }
    }

    /** One after another, and each by the clock. */
    Run oneAfterAnother() throws Exception {
        long start = System.nanoTime();
        List<Long> results = new ArrayList<>();
        List<Duration> each = new ArrayList<>();
        for (Task<Long> task : tasks()) {
            long before = System.nanoTime();
            results.add(task.call());
            each.add(since(before));
        }
        return new Run(since(start), each, checksum(results.subList(0, 3)));
    }

    /** Each on a virtual thread, whatever it does, with nothing but the JDK. */
    Run onVirtualThreads() throws Exception {
        long start = System.nanoTime();
        List<Long> results = new ArrayList<>();
        try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Long> future : executor.invokeAll(tasks())) {
                results.add(future.get());
            }
        }
        return run(start, results.subList(0, 3));
    }

    private List<Task<Long>> tasks() {
        List<Task<Long>> tasks = new ArrayList<>(Collections.nCopies(3, Task.of(Work::computeSome, steps)));
        for (int i = 0; i < 2; i++) {
            tasks.add(Task.of(Work::downloadSome, page));
            tasks.add(Task.of(Work::downloadSomeMore, page));
        }
        tasks.addAll(Collections.nCopies(4, Task.of(Work::waitSome, sleeps)));
        return tasks;
    }

    private static Run run(long start, List<Long> computed) {
        return new Run(since(start), List.of(), checksum(computed));
    }

    private static long checksum(List<Long> computed) {
        return computed.hashCode() * 31L + computed.get(0);
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
