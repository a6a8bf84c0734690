package dev.loomscope.process;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Runs a task of our own through everything that the first task of a user will need, while its worker connects. */
final class WarmUp {

    private final Thread thread;
    private volatile @Nullable Throwable problem; // its thread

    private WarmUp() {
        this.thread = Thread.ofPlatform().daemon().name("loom-scope-warm-up").start(this::run);
    }

    static WarmUp start() {
        return new WarmUp();
    }

    private void run() {
        try {
            WorkerTask.warmUp();
        } catch (IOException | RuntimeException | Error e) {
            problem = e;
        }
    }

    /**
     * Waits until it is done.
     *
     * @throws IOException if it has failed
     */
    void await() throws IOException {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IOException("the channel's thread was interrupted", e);
        }
        if (problem != null) {
            throw new IOException("the warm-up task failed", problem);
        }
    }
}
