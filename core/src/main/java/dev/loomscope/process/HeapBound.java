package dev.loomscope.process;

import java.util.Optional;

/** What bounds the heap of a pool's workers: {@code withMaxHeapMiB}, or an option of the JVM that overrules it. */
final class HeapBound {

    private HeapBound() {}

    /** Returns it as advice names it: {@code withMaxHeapMiB(512)}. */
    static String describe(ProcessPoolConfig config) {
        return option(config)
                .map("the %s of withJvmOptions"::formatted)
                .orElseGet(() -> "withMaxHeapMiB(%s)".formatted(config.maxHeapMiB()));
    }

    /** Returns the option that overrules; the last one counts. */
    static Optional<String> option(ProcessPoolConfig config) {
        return config.jvmOptions().stream().filter(HeapBound::isOne).reduce((first, second) -> second);
    }

    // Those with a share of the RAM count only for a JVM that has no -Xmx, and a worker has one.
    private static boolean isOne(String option) {
        return option.startsWith("-Xmx") || option.startsWith("-XX:MaxHeapSize=");
    }
}
