package dev.loomscope.process;

import dev.loomscope.process.RawArray.Element;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What a payload with arrays beside its objects begins with: how many arrays there are, what their elements are and how many. The arrays
 * follow, each from a multiple of eight bytes on, so that no element is in two frames; then the stream of objects. A payload
 * without such arrays has no table either, and begins as no table does.
 */
final class ArrayTable {

    /** Smaller arrays stay in the stream: to copy them costs less than to look after them. */
    static final int LEAST_BYTES = 64 * 1024;

    private static final int MAGIC = 0x4c53_0001;
    private static final int ENTRY_BYTES = 8;

    /** How many fit: a table is never longer than the first frame. */
    static final int MOST_ARRAYS = Frame.MAX_BODY / ENTRY_BYTES - 1;

    private final ByteBuffer entries;

    private ArrayTable(ByteBuffer entries) {
        this.entries = entries;
    }

    /** The size of a table of so many arrays. */
    static long bytes(int arrays) {
        return (1L + arrays) * ENTRY_BYTES;
    }

    /** The size of an array together with what fills it up. */
    static long padded(long bytes) {
        return (bytes + ENTRY_BYTES - 1) / ENTRY_BYTES * ENTRY_BYTES;
    }

    static ByteBuffer encode(List<RawArray> arrays) {
        ByteBuffer table = ByteBuffer.allocate((int) bytes(arrays.size()));
        table.putInt(MAGIC).putInt(arrays.size());
        for (RawArray array : arrays) {
            table.putInt(array.element().code()).putInt(array.length());
        }
        return table.flip();
    }

    /**
     * Takes the table from the beginning of a payload; one without arrays if it has none.
     *
     * @throws ProtocolException if it is not complete
     */
    static ArrayTable read(ByteBuffer body) throws ProtocolException {
        if (body.remaining() < ENTRY_BYTES || body.getInt(body.position()) != MAGIC) {
            return new ArrayTable(ByteBuffer.allocate(0));
        }
        int arrays = body.getInt(body.position() + Integer.BYTES);
        if (arrays < 1 || bytes(arrays) > body.remaining()) {
            throw new ProtocolException("a table of %s arrays in %s bytes".formatted(arrays, body.remaining()));
        }
        int size = (int) bytes(arrays);
        ByteBuffer entries = ByteBuffer.allocate(size - ENTRY_BYTES); // a body is used again
        entries.put(body.slice(body.position() + ENTRY_BYTES, entries.capacity()));
        body.position(body.position() + size);
        return new ArrayTable(entries.flip());
    }

    /** Whether {@link #next} has one more. */
    boolean hasNext() {
        return entries.hasRemaining();
    }

    /**
     * The next array, of which nothing has come.
     *
     * @throws ProtocolException if there are no such arrays
     */
    ArrivingArray next() throws ProtocolException {
        int code = entries.getInt();
        int length = entries.getInt();
        Element element = Element.of(code);
        if (element == null || length < 0 || element.bytes(length) < LEAST_BYTES) {
            throw new ProtocolException("an array of %s elements of type %s".formatted(length, code));
        }
        return new ArrivingArray(element, length);
    }
}
