package dev.loomscope;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a task on a platform thread of its own, which the thread that waits for it can leave behind. */
final class AbandonableCall<T extends @Nullable Object> {

    private static final Logger log = LoggerFactory.getLogger(AbandonableCall.class);

    private final ScopedSubtask<T> subtask;
    private final Callable<? extends T> code;
    private final Runnable atEnd;
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable T result; // written before ended
    private @Nullable Throwable thrown; // written before ended
    private volatile boolean abandoned; // the waiting thread, set once

    /**
     * For the code of a subtask.
     *
     * @param atEnd what the thread does last, abandoned or not
     */
    AbandonableCall(ScopedSubtask<T> subtask, Callable<? extends T> code, Runnable atEnd) {
        this.subtask = subtask;
        this.code = code;
        this.atEnd = atEnd;
    }

    /** Starts the thread. */
    Thread start() {
        return Thread.ofPlatform()
                .daemon()
                .name(subtask.name())
                .uncaughtExceptionHandler(subtask)
                .start(this::run);
    }

    private void run() {
        try {
            result = code.call();
        } catch (Throwable e) {
            thrown = e;
        } finally {
            ended.countDown();
            if (abandoned) {
                sayGoodbye();
            }
            atEnd.run();
        }
    }

    private void sayGoodbye() {
        if (thrown == null || InterruptShape.matches(thrown)) {
            log.debug("abandoned {} has ended", subtask.describe());
        } else {
            log.warn("abandoned {} has failed, which nobody will hear of", subtask.describe(), thrown);
        }
    }

    /** Waits for the end. An interrupt of the calling thread is passed on, once, and ends the wait: the thread is abandoned. */
    @SuppressWarnings("NullAway") // null is a result like any other
    T await(Thread thread) throws Throwable {
        try {
            ended.await();
        } catch (InterruptedException e) {
            abandoned = true;
            thread.interrupt();
            throw e;
        }
        if (thrown != null) {
            throw thrown;
        }
        return result;
    }
}
