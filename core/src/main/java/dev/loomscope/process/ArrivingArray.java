package dev.loomscope.process;

import dev.loomscope.process.RawArray.Element;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * An array of which some has come. It is made when there is room for it, and not before an eighth of it is there: what the other side
 * claims without sending it takes no memory, and of what it sends only an eighth is here twice, and only for a moment.
 *
 * <p>For whoever reads a channel.
 */
final class ArrivingArray {

    private static final int CLAIM = 8; // times what has come

    private final Element element;
    private final int length;
    private final long size; // in bytes, filled up
    private final Deque<ByteBuffer> held = new ArrayDeque<>(); // until the array is made
    private @Nullable RawArray array;
    private long came; // in bytes
    private long reserved; // in bytes

    ArrivingArray(Element element, int length) {
        this.element = element;
        this.length = length;
        this.size = ArrayTable.padded(element.bytes(length));
    }

    /** How much it holds of the memory that it has taken it from. */
    long reserved() {
        return reserved;
    }

    /** The array if all of it has come; null if not. */
    @Nullable
    RawArray complete() {
        return came == size ? array : null;
    }

    /**
     * Takes from a body what belongs to it.
     *
     * @return false if there is no room for it
     */
    boolean take(ByteBuffer body, ResultMemory memory) {
        int now = (int) Math.min(body.remaining(), size - came);
        ByteBuffer own = body.slice(body.position(), now);
        body.position(body.position() + now);
        if (array == null && came + now < size / CLAIM) {
            came += now;
            return hold(own, memory);
        }
        RawArray target = array == null ? make(memory) : array;
        if (target == null) {
            return false;
        }
        target.set(came, own);
        came += now;
        return true;
    }

    private boolean hold(ByteBuffer own, ResultMemory memory) {
        if (!reserve(own.remaining(), memory)) {
            return false;
        }
        held.add(ByteBuffer.allocate(own.remaining()).put(own).flip()); // a body is used again
        return true;
    }

    private boolean reserve(long bytes, ResultMemory memory) {
        boolean granted = memory.tryReserve(bytes);
        reserved += granted ? bytes : 0;
        return granted;
    }

    private @Nullable RawArray make(ResultMemory memory) {
        if (!reserve(size, memory)) {
            return null;
        }
        RawArray made = RawArray.make(element, length);
        array = made;
        long at = 0;
        for (ByteBuffer piece = held.poll(); piece != null; piece = held.poll()) {
            made.set(at, piece);
            at += piece.remaining();
        }
        memory.release(at);
        reserved -= at;
        return made;
    }
}
