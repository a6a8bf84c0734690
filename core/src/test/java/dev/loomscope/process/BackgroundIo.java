package dev.loomscope.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;

/** The other end of a channel: what it reads or writes while the test does the opposite. */
final class BackgroundIo {

    private BackgroundIo() {}

    /** What may fail as channels do. */
    @FunctionalInterface
    interface Action {
        void run() throws IOException;
    }

    static CompletableFuture<Void> inBackground(Action action) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        action.run();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                Thread::startVirtualThread);
    }
}
