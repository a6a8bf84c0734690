package dev.loomscope.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What a worker hears from its pool: tasks, which it returns, and what there is to do at once.
 *
 * <p>Not thread-safe: for the thread whose {@linkplain ReadingTurn turn} it is.
 */
final class WorkerInbox implements ReadingTurn.Source {

    private static final int MOST_COLLECTIONS = 3;

    private final FrameChannel channel;
    private final @Nullable BegunMark begun;
    private final WorkerOutbox outbox;
    private final WorkerTask tasks;
    private final PayloadInbox incoming = new PayloadInbox(PayloadLimit.ofProtocol());
    private Payload world = new Payload(); // what has come of the next settings
    private long lastId; // of the task that came last, completely or not
    private OptionalLong deadline = OptionalLong.empty(); // nanoTime, of the task that comes next

    /** Reads {@code channel}; {@code begun} is null if the pool has to be told of each task before it begins. */
    WorkerInbox(FrameChannel channel, @Nullable BegunMark begun, WorkerOutbox outbox, WorkerTask tasks) {
        this.channel = channel;
        this.begun = begun;
        this.outbox = outbox;
        this.tasks = tasks;
    }

    @Override
    public @Nullable Assignment next(ReadingTurn turn) throws IOException {
        Assignment next = null;
        while (next == null) {
            Frame frame = channel.readWhatFits();
            Thread.interrupted(); // by a task that interrupts whatever it finds: it would stay for ever
            switch (frame.type()) {
                case TASK -> next = receive(frame);
                case TIME -> limit(frame);
                case WORLD -> change(frame);
                case CANCEL -> cancel(frame);
                case ASK_HEAP -> {
                    turn.awaitFree(); // the last task has replied, but may hold its argument for a moment
                    channel.write(Frame.of(Frame.Type.HEAP, heldInHeap(frame.taskId())));
                }
                case RETIRE -> {
                    return null;
                }
                default -> throw new ProtocolException("a pool must not send " + frame.type());
            }
        }
        return next;
    }

    // The task before has replied: the next one is behind this frame.
    private void change(Frame frame) throws ProtocolException {
        if (frame.lost() > 0) {
            throw new ProtocolException("there is no memory for the settings of the parent");
        }
        world.add(frame.body());
        if (!frame.more()) {
            tasks.enter(new WorkerWorld(world));
            world = new Payload();
        }
    }

    // The clocks of two processes have nothing in common: what is sent is the time left.
    private void limit(Frame frame) throws ProtocolException {
        if (frame.body().remaining() != Long.BYTES) {
            throw new ProtocolException(
                    "the time for a task has %s bytes".formatted(frame.body().remaining()));
        }
        deadline = OptionalLong.of(System.nanoTime() + frame.body().getLong());
    }

    // Null if there is more to come, or if nothing can be made of what has come.
    private @Nullable Assignment receive(Frame frame) throws IOException {
        lastId = frame.taskId();
        PayloadInbox.Arrival arrival = incoming.add(frame);
        if (arrival == null) {
            return null;
        }
        OptionalLong limit = deadline;
        deadline = OptionalLong.empty();
        Payload payload = arrival.payload();
        if (payload == null) {
            refuse(frame.taskId(), arrival.size());
            return null;
        }
        return begin(frame.taskId(), payload, limit);
    }

    // Before the task's first instruction runs, the mark is set or STARTED is on its way:
    // without both, the pool knows that nothing has happened.
    private Assignment begin(long taskId, Payload payload, OptionalLong limit) throws IOException {
        boolean marked = begun != null && begun.set(taskId);
        if (!marked) {
            channel.write(Frame.of(Frame.Type.STARTED, taskId));
        }
        return tasks.begin(payload, limit, outbox.begin(taskId, !marked));
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

    // Here no task runs yet: the next one is behind this frame. A collection right after another may be none, and to be
    // retired costs more than two.
    private static long heldInHeap(long limit) {
        long used = usedHeap();
        for (int i = 0; used >= limit && i < MOST_COLLECTIONS; i++) {
            System.gc();
            used = usedHeap();
        }
        return used;
    }

    private static long usedHeap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
