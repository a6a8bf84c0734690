package dev.loomscope.process;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for something that another thread or process does, for as long as a loaded machine may need. */
final class Eventually {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Eventually() {}

    static void becomesTrue(String what, Callable<Boolean> condition) throws Exception {
        becomesTrue(what, PATIENCE, condition);
    }

    static void becomesTrue(String what, Duration patience, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + patience.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new AssertionError("after " + patience + " still not: " + what);
            }
            Thread.sleep(2);
        }
    }
}
