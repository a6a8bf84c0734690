package dev.loomscope.process;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Runs a task of our own through everything that the first task of a user will need, while its worker connects. The pool sends it:
 * to serialize one would take a worker as long as to read and run it.
 */
final class WarmUp {

    private static final class Serialized { // in the pool only

        private static final ByteBuffer TASK = serialize(sample());

        private static ByteBuffer serialize(Task<String> task) {
            Payload payload =
                    TaskCodec.encodeTask("warm-up", TaskContext.EMPTY, task).payload();
            return Objects.requireNonNull(payload.onlyPiece());
        }
    }

    private final ByteBuffer task;
    private final Thread thread;
    private volatile @Nullable Throwable problem; // its thread

    private WarmUp(ByteBuffer task) {
        this.task = task;
        this.thread = Thread.ofPlatform().daemon().name("loom-scope-warm-up").start(this::run);
    }

    // Not in the class above: to read a lambda, a worker initializes the class that it is in.
    private static Task<String> sample() {
        return () -> "warm";
    }

    /** The task that a pool sends. */
    static ByteBuffer task() {
        return Serialized.TASK;
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
        } catch (Exception | Error e) {
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
