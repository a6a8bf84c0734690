package dev.loomscope.process;

import java.util.concurrent.CompletableFuture;

/**
 * Waits for the exit of a process on a thread of its own. {@link Process#onExit} tells of it on the common pool, which users may
 * keep busy for any time.
 */
final class ExitWatch {

    private ExitWatch() {}

    /**
     * Returns what is completed when the process has ended.
     *
     * @throws OutOfMemoryError if there is no thread for it
     */
    static CompletableFuture<Void> start(String worker, Process process, PoolThreads threads) {
        CompletableFuture<Void> ended = new CompletableFuture<>();
        threads.start("loom-scope-%s-exit".formatted(worker), () -> {
            await(process);
            LiveProcesses.forget(process);
            ended.complete(null);
        });
        return ended;
    }

    private static void await(Process process) {
        while (process.isAlive()) {
            try {
                process.waitFor();
            } catch (InterruptedException e) {
                // nobody has a reason to: the wait goes on
            }
        }
    }
}
