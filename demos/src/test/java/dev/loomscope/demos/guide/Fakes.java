package dev.loomscope.demos.guide;

import dev.loomscope.core.Blocking;
import dev.loomscope.core.Cpu;
import dev.loomscope.core.Io;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;

/** What the examples of the guide call instead of a network, a database and a legacy library. */
final class Fakes {

    private Fakes() {}

    // guide: fakes
    @Io
    static String download(String path) {
        return "page " + path;
    }

    @Blocking
    static int countRows(String table) {
        return table.length();
    }

    @Cpu
    static long countPrimes(int below) {
        return IntStream.range(2, below)
                .filter(n -> IntStream.rangeClosed(2, (int) Math.sqrt(n)).noneMatch(d -> n % d == 0))
                .count();
    }

    /** Waits until it is interrupted. */
    static String never() throws InterruptedException {
        new CountDownLatch(1).await();
        return "never";
    }
    // end

    /** Computes for ever, and listens to nobody. */
    @Cpu
    static long spin() {
        long n = 0;
        while (true) {
            n += Thread.currentThread().isInterrupted() ? 1 : 2;
            if (n < 0) {
                n = 0;
            }
        }
    }

    /** Takes its time. */
    static int slowLength(byte[] bytes) throws InterruptedException {
        Thread.sleep(20);
        return bytes.length;
    }

    /** Waits for the latch, whatever interrupts say: legacy code. */
    static void awaitDeaf(CountDownLatch latch) {
        boolean waiting = true;
        while (waiting) {
            try {
                latch.await();
                waiting = false;
            } catch (InterruptedException e) {
                // that is what makes it legacy code
            }
        }
    }

    /** Waits until something that nobody announces has happened. The timeout of the test ends it. */
    static void until(BooleanSupplier happened) throws InterruptedException {
        while (!happened.getAsBoolean()) {
            Thread.sleep(1);
        }
    }
}
