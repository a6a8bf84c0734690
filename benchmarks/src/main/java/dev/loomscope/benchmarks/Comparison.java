package dev.loomscope.benchmarks;

import java.util.Optional;

/**
 * Something that is measured on several sides with the same work, and gives one figure or more. Implementations have no state; what
 * needs a JVM of its own runs in one.
 */
interface Comparison {

    /** In kebab-case; the figures of the comparison begin with it or are named after what they show. */
    String name();

    /** What is compared, how, after how much warm-up. A sentence or two for the report. */
    String about();

    /** Why our side falls short where it does, for the report; empty if nothing is known that would explain it. */
    default String whyShort() {
        return "";
    }

    /** Takes the samples. */
    Findings run(Effort effort) throws Exception;

    /** Our side alone, to be profiled where a figure falls short; empty if a profile of one JVM says nothing about it. */
    default Optional<Program> ours() {
        return Optional.empty();
    }
}
