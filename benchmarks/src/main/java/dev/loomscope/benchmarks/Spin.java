package dev.loomscope.benchmarks;

import java.time.Duration;

/** A computation whose length can be set. It takes no memory and no lock, so that two of them do not disturb each other. */
final class Spin {

    private static final int SAMPLE_STEPS = 2_000_000;
    private static final int ROUNDS = 20;

    private Spin() {}

    /** Computes the end of a chain of so many numbers, each made from the one before. */
    static long steps(int steps) {
        long x = 42;
        for (int i = 0; i < steps; i++) {
            x += 0x9E3779B97F4A7C15L; // splitmix64
            x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9L;
            x = (x ^ (x >>> 27)) * 0x94D049BB133111EBL;
            x ^= x >>> 31;
        }
        return x;
    }

    /** How many steps this JVM takes in a nanosecond, compiled; the best of some rounds, in about 0.1 s. */
    static double stepsPerNano() {
        long best = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            long result = steps(SAMPLE_STEPS);
            long took = System.nanoTime() - start;
            best = Math.min(best, result == 0 ? took + 1 : took); // uses the result, so that it has to be computed
        }
        return (double) SAMPLE_STEPS / best;
    }

    /** How many steps take this long. */
    static int stepsFor(Duration length, double stepsPerNano) {
        return (int) Math.clamp(length.toNanos() * stepsPerNano, 1, Integer.MAX_VALUE);
    }
}
