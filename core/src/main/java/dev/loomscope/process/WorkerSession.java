package dev.loomscope.process;

import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The worker's side of the channel. The main thread reads frames, one thread runs the tasks and writes their replies, one says what
 * there is to say of them before.
 */
final class WorkerSession implements Closeable {

    private final FrameChannel channel;
    private final WorkerTask tasks;
    private final WorkerOutbox outbox;
    private final @Nullable BegunMark begun; // main thread only
    private final PayloadInbox incoming = new PayloadInbox(PayloadLimit.ofProtocol()); // main thread only
    private long lastId; // main thread only; of the task that came last, completely or not
    private OptionalLong deadline = OptionalLong.empty(); // main thread only; nanoTime, of the task that comes next

    /** Talks over {@code channel}; {@code begun} is null if the pool has to be told of each task before it begins. */
    WorkerSession(FrameChannel channel, @Nullable BegunMark begun, String worker) {
        this.channel = channel;
        this.begun = begun;
        this.outbox = new WorkerOutbox(channel, Lifeline::leave);
        this.tasks = new WorkerTask(worker);
    }

    /** Serves tasks until the pool retires this worker. */
    void serve() throws IOException {
        Thread.Builder.OfPlatform threads = Thread.ofPlatform().daemon();
        threads.name("loom-scope-report").start(this::report);
        threads.name("loom-scope-prepare").start(this::prepare);
        while (true) {
            Frame frame = channel.readWhatFits();
            Thread.interrupted(); // by a task that interrupts whatever it finds: it is not for the next one
            switch (frame.type()) {
                case TASK -> receive(frame);
                case TIME -> limit(frame);
                case CANCEL -> cancel(frame);
                case ASK_HEAP -> channel.write(Frame.of(Frame.Type.HEAP, heldInHeap(frame.taskId())));
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

    // The clocks of two processes have nothing in common: what is sent is the time left.
    private void limit(Frame frame) throws ProtocolException {
        if (frame.body().remaining() != Long.BYTES) {
            throw new ProtocolException(
                    "the time for a task has %d bytes".formatted(frame.body().remaining()));
        }
        deadline = OptionalLong.of(System.nanoTime() + frame.body().getLong());
    }

    private void receive(Frame frame) throws IOException {
        lastId = frame.taskId();
        PayloadInbox.Arrival arrival = incoming.add(frame);
        if (arrival == null) {
            return;
        }
        Payload payload = arrival.payload();
        if (payload == null) {
            refuse(frame.taskId(), arrival.size());
        } else {
            begin(frame.taskId(), payload);
        }
        deadline = OptionalLong.empty();
    }

    // Before the task's first instruction runs, the mark is set or STARTED is on its way:
    // without both, the pool knows that nothing has happened.
    private void begin(long taskId, Payload payload) throws IOException {
        boolean marked = begun != null && begun.set(taskId);
        if (!marked) {
            channel.write(Frame.of(Frame.Type.STARTED, taskId));
        }
        tasks.start(payload, deadline, outbox.begin(taskId, !marked));
    }

    // What had come of it is gone, so that there is memory again.
    private void refuse(long taskId, long bytes) throws IOException {
        Throwable problem = new OutOfMemoryError(
                "the task has " + PayloadLimit.ofProtocol().describe(bytes) + " A larger heap is withMaxHeapMiB.");
        outbox.refuse(RemoteFailure.of(problem).toPayload().toFrames(Frame.Type.FAILURE, taskId));
    }

    private void cancel(Frame frame) throws IOException {
        long taskId = frame.taskId();
        boolean incomplete = incoming.hasBegun() && lastId == taskId;
        if (incomplete || taskId != lastId) { // the channel keeps the order: this one was cancelled unsent
            incoming.clear();
            lastId = taskId;
            deadline = OptionalLong.empty();
            channel.write(Frame.of(Frame.Type.DROPPED, taskId));
        } else {
            tasks.cancel(taskId, StandardCharsets.UTF_8.decode(frame.body()).toString());
        }
    }

    // Here no task runs yet: the next one is behind this frame.
    private static long heldInHeap(long limit) {
        Runtime runtime = Runtime.getRuntime();
        long used = runtime.totalMemory() - runtime.freeMemory();
        if (used < limit) {
            return used;
        }
        System.gc();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private void report() {
        try {
            outbox.report();
        } catch (RuntimeException | Error e) {
            Runtime.getRuntime().halt(WorkerExit.CANNOT_REPLY); // a task has left no memory
        }
    }

    // Beside the first task, which need not wait for it, nor its reply.
    private void prepare() {
        try {
            WorkerSignals.leaveToParent();
            tasks.warmUpFailure();
        } catch (IOException | RuntimeException | Error e) {
            // the first task has left no memory for it: its own failure says so
        }
    }
}
