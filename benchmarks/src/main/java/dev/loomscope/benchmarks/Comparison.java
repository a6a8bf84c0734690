package dev.loomscope.benchmarks;

/**
 * Something that is measured on several sides with the same work, and gives one figure or more. Implementations have no state; what
 * needs a JVM of its own runs in one.
 */
interface Comparison {

    /** In kebab-case; the figures of the comparison begin with it or are named after what they show. */
    String name();

    /** What is compared, how, after how much warm-up. A sentence or two for the report. */
    String about();

    /** Takes the samples. */
    Findings run(Effort effort) throws Exception;
}
