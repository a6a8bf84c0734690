package dev.loomscope.process;

import java.io.Serial;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a worker sent on a thread that can be left behind: objects run code while they are made, and a loop in it must not keep
 * a cancelled task from ending. When the task is cancelled, that thread is interrupted; when it goes on after the grace period,
 * nobody waits for it any more, and what it still makes is dropped.
 */
final class ResultReading<R extends @Nullable Object> implements Runnable {

    private static final Logger log = LoggerFactory.getLogger(ResultReading.class);

    // Beyond the grace period.
    private static final Duration STILL_READING = Duration.ofSeconds(1);

    // Beyond this number the thread that waits reads itself, as if nobody would ever cancel it.
    private static final int MOST_THREADS = 64;
    private static final ThreadPoolExecutor executor = new ThreadPoolExecutor(
            0,
            MOST_THREADS,
            1,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            PoolThreads.builder().name("loom-scope-results-", 0).factory(),
            new ThreadPoolExecutor.CallerRunsPolicy());

    private final String task;
    private final Callable<? extends R> code;
    private final @Nullable ClassLoader classes = Thread.currentThread().getContextClassLoader();
    private final CompletableFuture<Outcome<R>> outcome = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Thread reader; // guarded by lock; while the code runs

    /** What it came to; {@code failure} is null if there is a value, which may be null. */
    private record Outcome<R extends @Nullable Object>(
            @Nullable R value, @Nullable Throwable failure) {}

    /** A cancelled task has ended although its result is still being read. */
    static final class LeftBehindException extends CancellationException {

        @Serial
        private static final long serialVersionUID = 1L;

        LeftBehindException(String message) {
            super(message);
        }
    }

    private ResultReading(String task, Callable<? extends R> code) {
        this.task = task;
        this.code = code;
    }

    /**
     * Runs {@code code}, which reads what a worker sent for {@code task}, and waits for it; not interruptible.
     *
     * @param cancelled is complete when the task is cancelled, with the reason
     * @param grace how long the code may go on after that
     * @throws LeftBehindException if it goes on for longer
     * @throws Exception what the code throws
     */
    static <R extends @Nullable Object> R call(
            String task, CompletableFuture<String> cancelled, Duration grace, Callable<? extends R> code)
            throws Exception {
        ResultReading<R> reading = new ResultReading<>(task, code);
        reading.start();
        cancelled.thenAccept(reason -> {
            long now = System.nanoTime();
            reading.interrupt();
            PoolTimer.schedule(grace, () -> reading.giveUp(reason, now));
        });
        return reading.await();
    }

    private void start() {
        try {
            executor.execute(this);
        } catch (OutOfMemoryError e) {
            log.warn("no thread can be started to read the result of CPU task '{}': a cancel cannot end that", task, e);
            run();
        }
    }

    // There is a value where there is no failure; null is one like any other.
    @SuppressWarnings("NullAway")
    private R await() throws Exception {
        Outcome<R> ended = outcome.join();
        return switch (ended.failure()) {
            case null -> ended.value();
            case Exception exception -> throw exception;
            case Error error -> throw error;
            case Throwable other -> throw new ExecutionException(other); // nobody can declare it
        };
    }

    @Override
    @SuppressWarnings("CatchingUnchecked")
    public void run() {
        Thread current = Thread.currentThread();
        ClassLoader before = current.getContextClassLoader();
        current.setContextClassLoader(classes);
        setReader(current);
        Outcome<R> ended;
        try {
            ended = new Outcome<>(code.call(), null);
        } catch (Throwable e) {
            ended = new Outcome<>(null, e);
        }
        setReader(null);
        current.setContextClassLoader(before);
        outcome.complete(ended);
    }

    // After this no interrupt of ours can come; one that has come is nobody else's.
    private void setReader(@Nullable Thread thread) {
        lock.lock();
        try {
            reader = thread;
        } finally {
            lock.unlock();
        }
    }

    private void interrupt() {
        lock.lock();
        try {
            if (reader != null) {
                reader.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    private void giveUp(String reason, long cancelled) {
        LeftBehindException failure = new LeftBehindException(
                ("CPU task '%s' was cancelled: %s. What it returned or threw had come, but reading it went on for %s ms after that,"
                                + " and was left behind.")
                        .formatted(task, reason, millisSince(cancelled)));
        if (outcome.complete(new Outcome<>(null, failure))) {
            PatientDelay.schedule(STILL_READING, () -> warnIfItGoesOn(cancelled));
        }
    }

    // What ends soon was slow, as on a machine under load: nothing to look into.
    private void warnIfItGoesOn(long cancelled) {
        StackTraceElement[] stack = stackOfReader();
        if (stack.length == 0) {
            return;
        }
        Throwable here = new Throwable("what reads it is here");
        here.setStackTrace(stack);
        log.warn(
                "CPU task '{}' was cancelled {} ms ago, but code of its result still runs and takes a thread of this JVM for as long"
                        + " as it does: look at the readObject and constructors of the classes in it",
                task,
                millisSince(cancelled),
                here);
    }

    private static long millisSince(long nanoTime) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - nanoTime);
    }

    private StackTraceElement[] stackOfReader() {
        lock.lock();
        try {
            return reader == null ? new StackTraceElement[0] : reader.getStackTrace();
        } finally {
            lock.unlock();
        }
    }
}
