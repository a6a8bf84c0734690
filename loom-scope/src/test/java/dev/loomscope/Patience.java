package dev.loomscope;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits that end: what does not come within the limit fails the test instead of hanging it. */
final class Patience {

    static final int LIMIT_SECONDS = 20;

    private Patience() {}

    /** Waits for the latch; an interrupt ends the wait. */
    static void await(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("nobody opened the latch within " + LIMIT_SECONDS + " s");
        }
    }

    /** Waits for the latch as legacy code does: interrupts are swallowed. */
    static void awaitDeaf(CountDownLatch latch) {
        while (true) {
            try {
                await(latch);
                return;
            } catch (InterruptedException e) {
                // deaf
            }
        }
    }

    /** Waits until a condition holds that nobody announces. */
    static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not within " + LIMIT_SECONDS + " s: " + what);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            Thread.yield(); // who is interrupted does not park, and may have the only carrier of what it waits for
        }
    }

    /** Runs code that might hang on a thread of its own, so that a hang is one failed test and not a stuck suite. */
    static <T> T onItsOwnThread(Callable<T> code) throws Exception {
        FutureTask<T> task = new FutureTask<>(code);
        Thread thread = Thread.ofPlatform().daemon().name("on-its-own-thread").start(task);
        try {
            return task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            AssertionError hang = new AssertionError("it hangs here for more than " + LIMIT_SECONDS + " s");
            hang.setStackTrace(thread.getStackTrace());
            throw hang;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception exception) {
                throw exception;
            }
            throw new AssertionError(e.getCause());
        }
    }

    /** Blocks until interrupted. Can be sent to a worker. */
    static Void forever() throws InterruptedException {
        new CountDownLatch(1).await(); // ends by InterruptedException only
        return null;
    }

    /** Computes until killed. Can be sent to a worker. */
    @SuppressWarnings("InfiniteLoopStatement")
    static Void spin() {
        while (true) {
            Thread.onSpinWait();
        }
    }
}
