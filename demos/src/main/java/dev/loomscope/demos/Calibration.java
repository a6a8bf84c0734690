package dev.loomscope.demos;

import java.time.Duration;
import java.util.function.IntToLongFunction;

/** Finds out how large an input must be for a computation to take a given time on this machine. */
final class Calibration {

    private static final int FIRST_SIZE = 100_000;
    private static final Duration SAMPLE = Duration.ofMillis(40);
    private static final int ROUNDS = 5;

    private Calibration() {}

    /**
     * Returns the size that takes about {@code target}, for a computation whose time is proportional to its size. Takes about
     * a quarter of a second, which also gives the JIT compiler its chance.
     */
    static int sizeFor(Duration target, IntToLongFunction computation) {
        int size = FIRST_SIZE;
        while (nanos(computation, size) < SAMPLE.toNanos() && size < Integer.MAX_VALUE / 4) {
            size *= 2;
        }
        long best = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            best = Math.min(best, nanos(computation, size));
        }
        double scaled = (double) size * target.toNanos() / best;
        return (int) Math.clamp(scaled, 1, Integer.MAX_VALUE);
    }

    private static long nanos(IntToLongFunction computation, int size) {
        long before = System.nanoTime();
        long result = computation.applyAsLong(size);
        long took = System.nanoTime() - before;
        return result == 0 ? took + 1 : took; // uses the result, so that the computation cannot be left out
    }
}
