package dev.loomscope.benchmarks;

/** How thorough a run is. */
enum Effort {
    /** All figures within ten minutes on two cores. */
    SHORT,
    /** As many samples and as large sizes as the figures are meant for; an hour or more. */
    FULL;

    /** One of two sizes of the same thing. */
    int of(int small, int large) {
        return this == SHORT ? small : large;
    }
}
