package dev.loomscope.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The other end of a channel: what it reads or writes while the test does the opposite. */
final class BackgroundIo {

    private BackgroundIo() {}

    /** What may fail as channels do. */
    @FunctionalInterface
    interface Action {
        void run() throws IOException;
    }

    static CompletableFuture<Void> inBackground(Action action) {
        return inBackground(action, Thread::startVirtualThread);
    }

    /** The same, on a thread that {@code threads} makes. */
    static CompletableFuture<Void> inBackground(Action action, Executor threads) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        action.run();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                threads);
    }
}
