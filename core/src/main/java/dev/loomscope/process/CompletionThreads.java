package dev.loomscope.process;

import dev.loomscope.core.TaskContext;
import java.time.Duration;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads that run code of users when a CPU task starts, reports or ends: listeners, joiners and what runs while a result is
 * deserialized. Such code may block for ever. It then holds its own thread and nothing else: an action never waits for another one.
 *
 * <p>Platform threads, since none of this may depend on a free carrier. Idle ones end soon.
 */
final class CompletionThreads {

    private static final Logger log = LoggerFactory.getLogger(CompletionThreads.class);
    private static final Duration BEFORE_NEXT_TRY = Duration.ofMillis(10);
    private static final ThreadPoolExecutor executor = new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE, // as many as there are completions at the same time
            1,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            CleanStack.factory(
                    PoolThreads.builder().name("loom-scope-results-", 0).factory()));

    private CompletionThreads() {}

    // What one action leaves on its thread must not reach the next one, which may be of another scope.
    private static void runClean(Runnable action) {
        try {
            action.run();
        } finally {
            Thread thread = Thread.currentThread();
            thread.setContextClassLoader(null);
            thread.setPriority(Thread.NORM_PRIORITY);
            Thread.interrupted();
            TaskContext.clear(); // code of the log, which may throw
        }
    }

    /** Runs {@code action} soon, on a thread that it may block. */
    static void execute(Runnable action) {
        try {
            executor.execute(() -> runClean(action));
        } catch (OutOfMemoryError e) {
            log.warn("no thread could be started to finish a CPU task; trying again every 10 ms", e);
            PoolTimer.schedule(BEFORE_NEXT_TRY, () -> executeLater(action));
        }
    }

    // Says nothing more: it would every few milliseconds.
    private static void executeLater(Runnable action) {
        try {
            executor.execute(() -> runClean(action));
        } catch (OutOfMemoryError e) {
            PoolTimer.schedule(BEFORE_NEXT_TRY, () -> executeLater(action));
        }
    }
}
