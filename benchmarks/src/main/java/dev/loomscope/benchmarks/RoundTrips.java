package dev.loomscope.benchmarks;

import java.util.Arrays;

/** Measures calls that go to another process and back, one at a time: a sample is the median of a thousand. */
final class RoundTrips {

    private static final int PER_SAMPLE = 1_000;

    private RoundTrips() {}

    /** One call; what it returns is used. */
    @FunctionalInterface
    interface Trip {
        int go() throws Exception;
    }

    /** Says so many samples in us, after so many calls that do not count. */
    static void measure(String name, int warmUp, int samples, Trip trip) throws Exception {
        long sum = 0;
        for (int i = 0; i < warmUp; i++) {
            sum += trip.go();
        }
        long[] nanos = new long[PER_SAMPLE];
        for (int sample = 0; sample < samples; sample++) {
            for (int i = 0; i < PER_SAMPLE; i++) {
                long start = System.nanoTime();
                sum += trip.go();
                nanos[i] = System.nanoTime() - start;
            }
            Arrays.sort(nanos);
            Measured.say(name, nanos[PER_SAMPLE / 2] / 1e3);
        }
        if (sum != warmUp + (long) samples * PER_SAMPLE) {
            throw new IllegalStateException("%s: each call has to return 1, the sum is %d".formatted(name, sum));
        }
    }
}
