package dev.loomscope.process;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The worker's side of the channel. One thread reads tasks, runs them and writes their replies; the main thread reads while one
 * runs for long; a third says what there is to say of it meanwhile.
 */
final class WorkerSession implements Closeable {

    private final FrameChannel channel;
    private final WorkerTask tasks;
    private final WorkerOutbox outbox;
    private final ReadingTurn turn;

    /** Talks over {@code channel}; {@code begun} is null if the pool has to be told of each task before it begins. */
    WorkerSession(FrameChannel channel, @Nullable BegunMark begun, String worker, WorkerWorld world) {
        this.channel = channel;
        this.outbox = new WorkerOutbox(channel, Lifeline::leave);
        this.tasks = new WorkerTask(worker, world);
        this.turn = new ReadingTurn(new WorkerInbox(channel, begun, outbox, tasks));
    }

    /** Serves tasks until the pool retires this worker. */
    void serve() throws IOException {
        Thread.Builder.OfPlatform threads = Thread.ofPlatform().daemon();
        threads.name("loom-scope-report").start(this::report);
        threads.name("loom-scope-prepare").start(this::prepare);
        tasks.start(turn);
        turn.readForLongTasks();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private void report() {
        try {
            outbox.report(turn::onLongTask);
        } catch (RuntimeException | Error e) {
            Runtime.getRuntime().halt(WorkerExit.CANNOT_REPLY); // a task has left no memory
        }
    }

    // Beside the first task, which need not wait for it, nor its reply.
    private void prepare() {
        try {
            tasks.warmUpFailure();
        } catch (IOException | RuntimeException | Error e) {
            // the first task has left no memory for it: its own failure says so
        }
    }
}
