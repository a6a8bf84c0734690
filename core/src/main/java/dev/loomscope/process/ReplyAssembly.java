package dev.loomscope.process;

import java.io.Closeable;
import org.jspecify.annotations.Nullable;

/**
 * Puts the replies of one worker together from their frames, and turns down what no worker of ours sends: one that was taken over
 * can neither fill our memory with frames nor mix replies. A reply that is larger than allowed is read to its end and not kept.
 *
 * <p>Reader thread only.
 */
final class ReplyAssembly implements Closeable {

    private final ResultMemory memory;
    private Frame.@Nullable Type type; // of the reply that has not come completely; null if there is none
    private long taskId; // of that reply
    private ArrivingPayload arriving;
    private long size; // of all that has come of it, kept or not
    private boolean tooLarge;

    ReplyAssembly(ResultMemory memory) {
        this.memory = memory;
        this.arriving = new ArrivingPayload(memory);
    }

    /** Whether the next frame begins a reply. */
    boolean isEmpty() {
        return type == null;
    }

    /**
     * Takes in the next frame.
     *
     * @return the reply if it is complete, null if not
     * @throws ProtocolException if the frame cannot come here
     */
    @Nullable
    WorkerReply add(Frame frame, Worker worker) throws ProtocolException {
        ensureContinues(frame);
        int bytes = frame.body().remaining();
        // Empty or tiny pieces would cost us more than the worker.
        if (frame.more() && bytes != Frame.MAX_BODY) {
            throw new ProtocolException("a %s of %s bytes to be continued, which only one of %s bytes may be"
                    .formatted(frame.type(), bytes, Frame.MAX_BODY));
        }
        type = frame.type();
        taskId = frame.taskId();
        keep(frame, bytes);
        return frame.more() ? null : complete(frame.type(), worker);
    }

    private void ensureContinues(Frame frame) throws ProtocolException {
        if (type != null && (frame.type() != type || frame.taskId() != taskId)) {
            throw new ProtocolException("%s for task %s in the middle of a %s for task %s"
                    .formatted(frame.type(), frame.taskId(), type, taskId));
        }
    }

    private void keep(Frame frame, int bytes) throws ProtocolException {
        size += bytes;
        if (!tooLarge && !arriving.add(frame.body())) {
            tooLarge = true;
            arriving.close();
            arriving = new ArrivingPayload(memory);
        }
    }

    private WorkerReply complete(Frame.Type completed, Worker worker) throws ProtocolException {
        WorkerReply reply =
                tooLarge ? new WorkerReply.TooLarge(size, completed == Frame.Type.FATAL) : kept(completed, worker);
        type = null;
        arriving = new ArrivingPayload(memory); // what it held goes with the reply
        size = 0;
        tooLarge = false;
        return reply;
    }

    private WorkerReply kept(Frame.Type completed, Worker worker) throws ProtocolException {
        Payload payload = arriving.toPayload();
        return completed == Frame.Type.RESULT
                ? new WorkerReply.Result(payload, worker)
                : new WorkerReply.Failure(payload, completed == Frame.Type.FATAL, worker);
    }

    /** Gives up what has not come completely. */
    @Override
    public void close() {
        arriving.close();
        tooLarge = true; // nothing is kept any more
    }
}
