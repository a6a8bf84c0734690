package dev.loomscope;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs a task on a platform thread of its own, which the thread that waits for it can leave behind. */
final class AbandonableCall<T extends @Nullable Object> {

    private static final Logger log = LoggerFactory.getLogger(AbandonableCall.class);

    private final String name;
    private final Thread.UncaughtExceptionHandler handler;
    private final Callable<? extends T> code;
    private final Runnable atEnd;
    private final CountDownLatch ended = new CountDownLatch(1);
    private @Nullable T result; // written before ended
    private @Nullable Throwable thrown; // written before ended
    private final AtomicBoolean parted =
            new AtomicBoolean(); // set by the first of both to go: it ends, or is left behind

    /**
     * For code with this name.
     *
     * @param handler of the thread that runs it
     * @param atEnd what the thread does last, abandoned or not
     */
    AbandonableCall(String name, Thread.UncaughtExceptionHandler handler, Callable<? extends T> code, Runnable atEnd) {
        this.name = name;
        this.handler = handler;
        this.code = code;
        this.atEnd = atEnd;
    }

    /** Starts the thread. */
    Thread start() {
        return Thread.ofPlatform()
                .daemon()
                .name(name)
                .uncaughtExceptionHandler(handler)
                .start(this::run);
    }

    private void run() {
        if (parted.get()) { // left behind before it began
            atEnd.run();
            return;
        }
        try {
            result = code.call();
        } catch (Throwable e) {
            thrown = e;
        } finally {
            boolean abandoned = !parted.compareAndSet(false, true);
            ended.countDown();
            try {
                if (abandoned) {
                    sayGoodbye();
                }
            } finally {
                atEnd.run();
            }
        }
    }

    private void sayGoodbye() {
        if (thrown == null || InterruptShape.matches(thrown)) {
            log.debug("abandoned subtask '{}' has ended", name);
        } else {
            SafeText.warn(log, "abandoned subtask '%s' has failed, which nobody will hear of".formatted(name), thrown);
        }
    }

    /**
     * Waits for the end. An interrupt of the calling thread is passed on, once, and ends the wait: the thread is abandoned, unless its
     * code has ended, with an outcome that must not be lost.
     */
    @SuppressWarnings("NullAway") // null is a result like any other
    T await(Thread thread) throws Throwable {
        try {
            ended.await();
        } catch (InterruptedException e) {
            if (parted.compareAndSet(false, true)) {
                thread.interrupt();
                throw e;
            }
            awaitEnded(); // at once
        }
        if (thrown != null) {
            throw thrown;
        }
        return result;
    }

    private void awaitEnded() {
        while (true) {
            try {
                ended.await();
                return;
            } catch (InterruptedException e) {
                // it has an outcome, which is told; the interrupt was for a task that has ended
            }
        }
    }
}
