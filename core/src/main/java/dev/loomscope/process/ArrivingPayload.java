package dev.loomscope.process;

import java.io.Closeable;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A payload of which some has come: what belongs to an array goes straight there, the rest is kept as it is. All of it is
 * reserved in a {@link ResultMemory} before it takes any; what is complete goes with the payload.
 *
 * <p>For whoever reads a channel.
 */
final class ArrivingPayload implements Closeable {

    private final ResultMemory memory;
    private final Payload payload = new Payload();
    private @Nullable ArrayTable table; // null before anything has come
    private @Nullable ArrivingArray current; // of the table
    private long reserved; // without that of the current array

    ArrivingPayload(ResultMemory memory) {
        this.memory = memory;
    }

    /**
     * Takes in the next part of it.
     *
     * @return false if there is no room for it, or no memory; all that is left to do then is to {@link #close} it
     * @throws ProtocolException if what it says of its arrays cannot be
     */
    boolean add(ByteBuffer body) throws ProtocolException {
        try {
            return tryAdd(body);
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    private boolean tryAdd(ByteBuffer body) throws ProtocolException {
        int before = body.remaining();
        ArrayTable arrays = table;
        if (arrays == null) {
            arrays = ArrayTable.read(body);
            table = arrays;
        }
        if (!reserve(before - body.remaining())) {
            return false;
        }
        while (body.hasRemaining() && (current != null || arrays.hasNext())) {
            if (!fill(current == null ? arrays.next() : current, body)) {
                return false;
            }
        }
        if (!reserve(body.remaining())) {
            return false;
        }
        if (body.hasRemaining()) {
            payload.add(body);
        }
        return true;
    }

    private boolean fill(ArrivingArray array, ByteBuffer body) {
        current = array;
        boolean taken = array.take(body, memory);
        RawArray complete = array.complete();
        if (complete != null) {
            payload.add(complete);
            reserved += array.reserved();
            current = null;
        }
        return taken;
    }

    private boolean reserve(long bytes) {
        boolean granted = memory.tryReserve(bytes);
        reserved += granted ? bytes : 0;
        return granted;
    }

    /** Whether nothing has come. */
    boolean isEmpty() {
        return table == null;
    }

    /**
     * Ends it: all has come. What was reserved for it, its {@linkplain Payload#size size}, is now the caller's.
     *
     * @throws ProtocolException if an array is not complete
     */
    Payload toPayload() throws ProtocolException {
        if (current != null || (table != null && table.hasNext())) {
            throw new ProtocolException("a payload that ends before its arrays do");
        }
        reserved = 0;
        return payload;
    }

    /** Gives back what it has reserved. */
    @Override
    public void close() {
        memory.release(reserved + (current == null ? 0 : current.reserved()));
        reserved = 0;
        current = null;
    }
}
