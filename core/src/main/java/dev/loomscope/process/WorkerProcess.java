package dev.loomscope.process;

import java.util.concurrent.CompletableFuture;

/**
 * The process of a worker and what belongs to it.
 *
 * @param lastBegun completed when the process has ended, with what its {@link BegunMark} said then
 * @param output what it prints
 * @param folder where its JVM reports a crash
 * @param heapMiB its largest heap, in MiB
 * @param marks whether it has a {@link BegunMark}
 * @param world the settings with which it was started
 */
record WorkerProcess(
        Process process,
        CompletableFuture<Long> lastBegun,
        WorkerOutput output,
        WorkerFolder folder,
        int heapMiB,
        boolean marks,
        ParentWorld world) {

    /** What its mark says now. Reads a file. */
    long readMark() {
        return BegunMark.read(folder, marks);
    }
}
