package dev.loomscope.process;

import org.jspecify.annotations.Nullable;

/**
 * Puts together what comes in several frames. What is larger than its limit, or than the memory that is left, is counted to its end
 * and not kept: the channel goes on, and the message says how large it was.
 *
 * <p>For whoever reads a channel, in a worker.
 */
final class PayloadInbox {

    private final PayloadLimit limit;
    private @Nullable Frame first; // of what has not come completely
    private @Nullable ArrivingPayload kept;
    private long size;

    /**
     * What has come completely.
     *
     * @param payload null if it was too large
     * @param size in bytes, also of what was not kept
     */
    record Arrival(@Nullable Payload payload, long size) {}

    PayloadInbox(PayloadLimit limit) {
        this.limit = limit;
    }

    /**
     * Takes a frame; null if there is more to come.
     *
     * @throws ProtocolException if it does not continue what has begun
     */
    @Nullable
    Arrival add(Frame frame) throws ProtocolException {
        begin(frame);
        keep(frame);
        if (frame.more()) {
            return null;
        }
        Arrival arrival = new Arrival(kept == null ? null : kept.toPayload(), size);
        clear();
        return arrival;
    }

    /** Whether something has come in part. */
    boolean hasBegun() {
        return first != null;
    }

    /** Forgets what has come in part. */
    void clear() {
        first = null;
        kept = null;
    }

    private void begin(Frame frame) throws ProtocolException {
        Frame before = first;
        if (before == null) {
            first = frame.withoutBody();
            kept = new ArrivingPayload(ResultMemory.unbounded());
            size = 0;
        } else if (before.type() != frame.type() || before.taskId() != frame.taskId()) {
            throw new ProtocolException("%s of task %s came in the middle of %s of task %s"
                    .formatted(frame.type(), frame.taskId(), before.type(), before.taskId()));
        }
    }

    private void keep(Frame frame) throws ProtocolException {
        size += frame.length();
        if (size > limit.bytes() || frame.lost() > 0 || (kept != null && !kept.add(frame.body()))) {
            kept = null;
        }
    }
}
