package dev.loomscope.process;

import dev.loomscope.core.CpuOutcome;
import java.io.Serial;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a worker sent on a thread that can be left behind: objects run code while they are made, and a loop in it must not keep
 * a cancelled task from ending. When the task is cancelled, that thread is interrupted; when it goes on after the grace period,
 * nobody waits for it any more, and what it still makes is dropped.
 */
final class ResultReading<R extends @Nullable Object> {

    private static final Logger log = LoggerFactory.getLogger(ResultReading.class);

    // Beyond the grace period.
    private static final Duration STILL_READING = Duration.ofSeconds(1);

    private final String task;
    private final Callable<? extends R> code;
    private final @Nullable ClassLoader classes;
    private final Consumer<? super CpuOutcome<R>> onEnd;
    private final AtomicBoolean ended = new AtomicBoolean(); // set by whichever comes first: the end, or giving up
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Thread reader; // guarded by lock; while the code runs

    /** A cancelled task has ended although its result is still being read. */
    static final class LeftBehindException extends CancellationException {

        @Serial
        private static final long serialVersionUID = 1L;

        LeftBehindException(String message) {
            super(message);
        }
    }

    private ResultReading(
            String task,
            @Nullable ClassLoader classes,
            Callable<? extends R> code,
            Consumer<? super CpuOutcome<R>> onEnd) {
        this.task = task;
        this.classes = classes;
        this.code = code;
        this.onEnd = onEnd;
    }

    /**
     * Runs {@code code}, which reads what a worker sent for {@code task}, on the calling thread, which is left behind if a cancel comes
     * and the code goes on for longer than the grace period. Calls {@code onEnd} once, on this thread or, if that is left behind, on
     * another one that may be blocked as well.
     *
     * @param classes the context class loader for the code; null for none
     * @param cancelled is complete when the task is cancelled, with the reason
     * @param grace how long the code may go on after that
     * @param onEnd gets what the code returned or threw; a {@link LeftBehindException} if it was left behind
     */
    static <R extends @Nullable Object> void read(
            String task,
            @Nullable ClassLoader classes,
            CompletableFuture<String> cancelled,
            Duration grace,
            Callable<? extends R> code,
            Consumer<? super CpuOutcome<R>> onEnd) {
        ResultReading<R> reading = new ResultReading<>(task, classes, code, onEnd);
        reading.setReader(Thread.currentThread());
        cancelled.thenAccept(reason -> {
            long now = System.nanoTime();
            reading.interrupt();
            PatientDelay.schedule(grace, () -> !reading.ended.get(), () -> reading.giveUp(reason, now));
        });
        reading.run();
    }

    /**
     * As {@link #read}, on a thread of its own. Waits for the end; not interruptible.
     *
     * @throws LeftBehindException if the code goes on after a cancel
     * @throws Exception what the code throws
     */
    static <R extends @Nullable Object> R call(
            String task, CompletableFuture<String> cancelled, Duration grace, Callable<? extends R> code)
            throws Exception {
        CompletableFuture<CpuOutcome<R>> ended = new CompletableFuture<>();
        ClassLoader classes = Thread.currentThread().getContextClassLoader();
        CompletionThreads.execute(() -> read(task, classes, cancelled, grace, code, ended::complete));
        return switch (ended.join()) {
            case CpuOutcome.Succeeded<R> success -> success.value();
            case CpuOutcome.Cancelled<R> left -> throw left.thrown();
            case CpuOutcome.Failed<R> failure -> throw declared(failure.thrown());
        };
    }

    private static Exception declared(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        return thrown instanceof Exception exception ? exception : new ExecutionException(thrown);
    }

    private void run() {
        Thread current = Thread.currentThread();
        ClassLoader before = current.getContextClassLoader();
        current.setContextClassLoader(classes);
        CpuOutcome<R> outcome;
        try {
            outcome = new CpuOutcome.Succeeded<>(code.call());
        } catch (Throwable e) {
            outcome = new CpuOutcome.Failed<>(e);
        }
        setReader(null);
        Thread.interrupted(); // by the cancel, and meant for the code
        try {
            end(outcome);
        } finally {
            current.setContextClassLoader(before);
        }
    }

    private void end(CpuOutcome<R> outcome) {
        if (ended.compareAndSet(false, true)) {
            onEnd.accept(outcome);
        }
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
        if (ended.compareAndSet(false, true)) {
            CompletionThreads.execute(() -> onEnd.accept(new CpuOutcome.Cancelled<>(failure)));
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
