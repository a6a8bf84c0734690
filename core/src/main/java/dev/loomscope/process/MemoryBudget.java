package dev.loomscope.process;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The heaps of all workers of a pool together are bounded: who does not fit is not started, and nobody's heap is shrunk. What counts is
 * the heap of each worker that has a task or can have one, or that is starting; those that are ending do not.
 */
final class MemoryBudget {

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);

    private MemoryBudget() {}

    /**
     * Returns the configuration with as many workers as fit, and says so in the log if they are fewer than asked for.
     *
     * @throws IllegalArgumentException if not even one fits
     */
    static ProcessPoolConfig fit(ProcessPoolConfig config) {
        int fitting = config.memoryBudgetMiB() / config.maxHeapMiB();
        if (fitting >= config.workers()) {
            return config;
        }
        if (fitting == 0) {
            throw new IllegalArgumentException(
                    "not even one worker of pool '%s', with a heap of %s MiB, fits in its memory budget of %s. Lower withMaxHeapMiB(%s) or raise withMemoryBudgetMiB(%s)."
                            .formatted(
                                    config.name(),
                                    config.maxHeapMiB(),
                                    describe(config),
                                    config.maxHeapMiB(),
                                    config.memoryBudgetMiB()));
        }
        log.warn(
                "pool '{}' has {} workers, not {}: no more heaps of {} MiB fit in its memory budget of {}. For more, lower withMaxHeapMiB({}) or raise withMemoryBudgetMiB({}).",
                config.name(),
                fitting,
                config.workers(),
                config.maxHeapMiB(),
                describe(config),
                config.maxHeapMiB(),
                config.memoryBudgetMiB());
        return config.withWorkers(fitting);
    }

    /**
     * Guards against a task that would wait for ever.
     *
     * @throws IllegalArgumentException if it asks for more than all workers together may have
     */
    static void ensureFits(String task, int heapMiB, ProcessPoolConfig config) {
        if (heapMiB > config.memoryBudgetMiB()) {
            throw new IllegalArgumentException(
                    "CPU task '%s' asks for a heap of %s MiB, but all workers of pool '%s' together have a memory budget of %s. Ask for less, or raise withMemoryBudgetMiB(%s)."
                            .formatted(task, heapMiB, config.name(), describe(config), config.memoryBudgetMiB()));
        }
    }

    private static String describe(ProcessPoolConfig config) {
        String source = config.memoryBudgetMiB() == MachineMemory.HALF_MIB
                ? " (half of what this machine or container has)"
                : "";
        return "%s MiB%s".formatted(config.memoryBudgetMiB(), source);
    }
}
