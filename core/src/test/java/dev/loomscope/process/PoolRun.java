package dev.loomscope.process;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** One task in a pool, run on a thread of its own, so that a test that waits for it in vain fails and does not hang. */
final class PoolRun<T> {

    static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ProcessPool pool;
    private final CpuExecution<T> execution;
    private final CompletableFuture<Outcome<T>> outcome = new CompletableFuture<>();
    private final CompletableFuture<String> runner = new CompletableFuture<>();

    private record Outcome<T>(T result, Throwable failure) {}

    private PoolRun(ProcessPool pool, String name, Task<T> task, TaskContext context, Supplier<Duration> remaining) {
        this(pool, name, task, context, remaining, 0, null);
    }

    private PoolRun(
            ProcessPool pool,
            String name,
            Task<T> task,
            TaskContext context,
            Supplier<Duration> remaining,
            int heapMiB,
            Object group) {
        this.pool = pool;
        this.execution =
                pool.prepare(new CpuRequest<>(task, name, runner::complete, context, remaining, heapMiB, group));
    }

    static <T> PoolRun<T> startWithHeap(ProcessPool pool, int heapMiB, Task<T> task) {
        return new PoolRun<>(pool, "task", task, TaskContext.EMPTY, () -> null, heapMiB, null).start();
    }

    /** Runs a task to its end. */
    static <T> T run(ProcessPool pool, Task<T> task) throws Exception {
        return start(pool, task).get();
    }

    /** Runs a task that must fail, and returns what it failed with. */
    static Throwable fail(ProcessPool pool, Task<?> task) {
        return start(pool, task).failure();
    }

    static <T> PoolRun<T> start(ProcessPool pool, Task<T> task) {
        return start(pool, "task", task);
    }

    static <T> PoolRun<T> start(ProcessPool pool, String name, Task<T> task) {
        return prepare(pool, name, task).start();
    }

    static <T> PoolRun<T> prepare(ProcessPool pool, String name, Task<T> task) {
        return new PoolRun<>(pool, name, task, TaskContext.EMPTY, () -> null);
    }

    /** Runs a task to its end, with what the calling thread has as its context. */
    static <T> T runWithContext(ProcessPool pool, Task<T> task) throws Exception {
        return prepareWithContext(pool, task).start().get();
    }

    static <T> PoolRun<T> prepareWithContext(ProcessPool pool, Task<T> task) {
        return new PoolRun<>(pool, "task", task, TaskContext.capture(), () -> null);
    }

    static <T> PoolRun<T> startWithTime(ProcessPool pool, Supplier<Duration> remaining, Task<T> task) {
        return new PoolRun<>(pool, "task", task, TaskContext.EMPTY, remaining).start();
    }

    static <T> PoolRun<T> startInGroup(ProcessPool pool, Object group, Task<T> task) {
        return new PoolRun<>(pool, "task", task, TaskContext.EMPTY, () -> null, 0, group).start();
    }

    PoolRun<T> start() {
        Thread.startVirtualThread(() -> {
            try {
                outcome.complete(new Outcome<>(execution.run(), null));
            } catch (Throwable e) {
                outcome.complete(new Outcome<>(null, e));
            }
        });
        return this;
    }

    PoolRun<T> cancel(String reason) {
        execution.cancel(reason);
        return this;
    }

    /** Waits until the pool says that the task starts. */
    PoolRun<T> awaitStart() {
        try {
            runner.get(PATIENCE.toMillis(), MILLISECONDS);
            return this;
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("the task has not started in " + pool + "; " + outcome, e);
        }
    }

    /** What the pool has said about who runs it. */
    String runner() {
        awaitStart();
        return runner.join();
    }

    /** The process that runs it. */
    long pid() {
        return Long.parseLong(runner().replaceAll(".*pid (\\d+).*", "$1"));
    }

    boolean hasEnded() {
        return outcome.isDone();
    }

    /** Waits for the result. What the task failed with is thrown as it is. */
    T get() throws Exception {
        Outcome<T> ended = await();
        if (ended.failure() instanceof Error error) {
            throw error;
        }
        if (ended.failure() != null) {
            throw (Exception) ended.failure();
        }
        return ended.result();
    }

    /** Waits for what the task fails with. */
    Throwable failure() {
        Outcome<T> ended = await();
        if (ended.failure() == null) {
            throw new AssertionError("the task was to fail, but returned " + ended.result());
        }
        return ended.failure();
    }

    private Outcome<T> await() {
        try {
            return outcome.get(PATIENCE.toMillis(), MILLISECONDS);
        } catch (TimeoutException | InterruptedException | ExecutionException e) {
            throw new AssertionError("the task has not ended in " + pool, e);
        }
    }
}
