package dev.loomscope.process;

import java.util.concurrent.CompletableFuture;

/**
 * The process of a worker and what belongs to it.
 *
 * @param exit completed when the process has ended
 * @param output what it prints
 * @param folder where its JVM reports a crash
 * @param heapMiB its largest heap, in MiB
 */
record WorkerProcess(
        Process process, CompletableFuture<Void> exit, WorkerOutput output, WorkerFolder folder, int heapMiB) {}
