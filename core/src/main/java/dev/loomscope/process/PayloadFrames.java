package dev.loomscope.process;

import java.nio.ByteBuffer;
import java.util.AbstractList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.RandomAccess;
import java.util.TreeMap;

/**
 * The frames of a payload that has arrays: each is made when it is asked for, of what the arrays have then, and good until the next one
 * is asked for. So there is no second copy of the whole, and no garbage as large as it.
 *
 * <p>Not thread-safe.
 */
final class PayloadFrames extends AbstractList<Frame> implements RandomAccess {

    // From here on a body outside the heap, which saves a copy, is worth its making. Only the collector frees it, which
    // has much more to do with the arrays.
    private static final long LARGE = 32L * Frame.MAX_BODY;

    private final List<Frame> before;
    private final Frame.Type type;
    private final long taskId;
    private final NavigableMap<Long, Part> parts = new TreeMap<>(); // by the byte at which it begins
    private final ByteBuffer body;
    private long size;

    /** Something that some of the bytes are in. */
    private sealed interface Part {

        /** Puts into {@code target} what there is from byte {@code from} on, and as it has room for. */
        void get(long from, ByteBuffer target);

        record Bytes(ByteBuffer bytes) implements Part {
            @Override
            public void get(long from, ByteBuffer target) {
                int first = bytes.position() + (int) from;
                target.put(bytes.slice(first, Math.min(bytes.limit() - first, target.remaining())));
            }
        }

        record Elements(RawArray array) implements Part {
            @Override
            public void get(long from, ByteBuffer target) {
                array.get(from, target);
            }
        }
    }

    /**
     * Makes them.
     *
     * @param before frames that go first
     * @param stream that of the objects
     */
    PayloadFrames(List<Frame> before, Frame.Type type, long taskId, List<RawArray> arrays, List<ByteBuffer> stream) {
        this.before = before;
        this.type = type;
        this.taskId = taskId;
        ByteBuffer table = ArrayTable.encode(arrays);
        add(new Part.Bytes(table), table.remaining());
        arrays.forEach(array -> add(new Part.Elements(array), ArrayTable.padded(array.bytes())));
        stream.forEach(piece -> add(new Part.Bytes(piece), piece.remaining()));
        this.body = size < LARGE
                ? ByteBuffer.allocate((int) Math.min(Frame.MAX_BODY, size))
                : ByteBuffer.allocateDirect(Frame.MAX_BODY);
    }

    private void add(Part part, long bytes) {
        parts.put(size, part);
        size += bytes;
    }

    @Override
    public int size() {
        return before.size() + (int) ((size + Frame.MAX_BODY - 1) / Frame.MAX_BODY);
    }

    @Override
    public Frame get(int index) {
        if (index < before.size()) {
            return before.get(index);
        }
        long from = (long) (index - before.size()) * Frame.MAX_BODY;
        int length = (int) Math.min(Frame.MAX_BODY, size - from);
        return new Frame(type, taskId, from + length < size, body(from, length));
    }

    private ByteBuffer body(long from, int length) {
        Map.Entry<Long, Part> first = parts.floorEntry(from);
        if (first.getValue() instanceof Part.Elements elements) {
            ByteBuffer view = elements.array().view(from - first.getKey(), length);
            if (view != null) {
                return view;
            }
        }
        body.clear().limit(length);
        parts.subMap(first.getKey(), from + length).forEach((begin, part) -> {
            body.position((int) Math.max(0, begin - from)); // after what fills up the one before
            part.get(Math.max(0, from - begin), body);
        });
        return body.rewind();
    }
}
