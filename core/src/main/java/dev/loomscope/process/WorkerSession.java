package dev.loomscope.process;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * The worker's side of the channel. The main thread reads frames, one thread runs the tasks, one writes their replies: a task never
 * touches the channel, since an interrupt would close it.
 */
final class WorkerSession implements Closeable {

    private final FrameChannel channel;
    private final WorkerTask tasks;
    private final BlockingQueue<List<Frame>> replies = new LinkedBlockingQueue<>();
    private @Nullable Payload incoming; // main thread only; the body of a task that has not come completely
    private long lastId; // main thread only; of the task that came last, completely or not

    WorkerSession(FrameChannel channel, String worker) {
        this.channel = channel;
        this.tasks = new WorkerTask(worker, replies::add);
    }

    /** Runs a task of our own through everything that the first task of a user will need. */
    void warmUp() throws IOException {
        tasks.warmUp();
    }

    /** Serves tasks until the pool retires this worker. */
    void serve() throws IOException {
        Thread.ofPlatform().daemon().name("loom-scope-replies").start(this::writeReplies);
        while (true) {
            Frame frame = channel.read();
            switch (frame.type()) {
                case TASK -> receive(frame);
                case CANCEL -> cancel(frame.taskId());
                case RETIRE -> {
                    return;
                }
                default -> throw new ProtocolException("a pool must not send " + frame.type());
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    // STARTED is on its way before the task's first instruction runs:
    // without it, the pool knows that nothing has happened.
    private void receive(Frame frame) throws IOException {
        Payload payload = incoming == null ? new Payload() : incoming;
        payload.add(frame.body());
        incoming = frame.more() ? payload : null;
        lastId = frame.taskId();
        if (!frame.more()) {
            channel.write(Frame.of(Frame.Type.STARTED, frame.taskId()));
            tasks.start(frame.taskId(), payload);
        }
    }

    private void cancel(long taskId) throws IOException {
        boolean incomplete = incoming != null && lastId == taskId;
        if (incomplete || taskId != lastId) { // the channel keeps the order: this one was cancelled unsent
            incoming = null;
            lastId = taskId;
            channel.write(Frame.of(Frame.Type.DROPPED, taskId));
        } else {
            tasks.interrupt(taskId);
        }
    }

    private void writeReplies() {
        try {
            while (true) {
                for (Frame frame : replies.take()) {
                    channel.write(frame);
                }
            }
        } catch (IOException e) {
            Lifeline.leave(); // the pool is gone
        } catch (InterruptedException e) {
            Lifeline.leave(); // a task interrupts threads that are not its own: this worker can no longer answer
        }
    }
}
