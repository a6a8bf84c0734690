package dev.loomscope.process;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * Runs a task of our own through what the first task of a user will need, while its worker connects: all but the stream of objects
 * for a result that is not {@linkplain SimpleValue simple}. The pool sends it: to serialize one would take a worker as long as to
 * read and run it.
 */
final class WarmUp {

    private final ByteBuffer task;
    private final Thread thread;
    private volatile boolean done; // its thread

    private WarmUp(ByteBuffer task) {
        this.task = task;
        this.thread = Thread.ofPlatform().daemon().name("loom-scope-warm-up").start(this::run);
    }

    /** The task that a pool sends. */
    static ByteBuffer task() {
        Task<String> task = () -> "warm";
        Payload payload =
                TaskCodec.encodeTask("warm-up", TaskContext.EMPTY, task).payload();
        return Objects.requireNonNull(payload.onlyPiece());
    }

    static WarmUp start(ByteBuffer task) {
        return new WarmUp(task);
    }

    private void run() {
        try {
            Payload payload = new Payload();
            payload.add(task);
            ArrivedTask arrived = new ArrivedTask(payload);
            arrived.readContext();
            SimpleValue.encode(arrived.readTask().call());
            done = true;
        } catch (Exception | Error e) {
            // Printed, so that it is in the pool's error.
            throw new IllegalStateException("the warm-up task of a worker failed", e);
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
        if (!done) {
            throw new IOException("the warm-up task failed");
        }
    }
}
