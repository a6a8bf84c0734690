package dev.loomscope.benchmarks;

/** The task that does nothing. */
final class NoOp {

    private NoOp() {}

    static int one() {
        return 1;
    }
}
