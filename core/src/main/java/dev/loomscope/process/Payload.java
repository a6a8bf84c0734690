package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a task or of a result: a stream of objects in pieces that fit a frame each, so that none needs one array of its full
 * size, and beside it the large arrays of numbers that its objects have, as they are. {@link ArrayTable} says how they travel.
 *
 * <p>Not thread-safe; handed from thread to thread when complete.
 */
final class Payload {

    private static final int FIRST_PIECE = 512;
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final List<RawArray> arrays = new ArrayList<>(0); // mostly there is none, and many may wait in a queue
    private final List<ByteBuffer> pieces = new ArrayList<>(1); // of the stream
    private long size; // without that of the table

    static Payload of(byte[] bytes) {
        Payload payload = new Payload();
        payload.add(ByteBuffer.wrap(bytes));
        return payload;
    }

    /** The number of bytes, of all that travels. */
    long size() {
        return arrays.isEmpty() ? size : size + ArrayTable.bytes(arrays.size());
    }

    /** The arrays beside the stream, to which its {@link ArrayStub}s refer. */
    List<RawArray> arrays() {
        return arrays;
    }

    /** All of it, if that is one piece of a stream; must not be moved in or changed. Null if there is more, or less. */
    @Nullable
    ByteBuffer onlyPiece() {
        return arrays.isEmpty() && pieces.size() == 1 ? pieces.getFirst() : null;
    }

    /** Takes over a piece of the stream; of one outside the heap, which is used again, a copy. */
    void add(ByteBuffer piece) {
        pieces.add(piece.isDirect() ? copyOf(piece) : piece);
        size += piece.remaining();
    }

    private static ByteBuffer copyOf(ByteBuffer piece) {
        return ByteBuffer.allocate(piece.remaining()).put(piece.duplicate()).flip();
    }

    /** Takes over an array. */
    void add(RawArray array) {
        arrays.add(array);
        size += ArrayTable.padded(array.bytes());
    }

    private void clear() {
        arrays.clear();
        pieces.clear();
        size = 0;
    }

    /** Returns it as frames; at least one, also for no bytes at all. */
    List<Frame> toFrames(Frame.Type type, long taskId) {
        return toFrames(type, taskId, List.of());
    }

    /** As {@link #toFrames(Frame.Type, long)}, after others. */
    List<Frame> toFrames(Frame.Type type, long taskId, List<Frame> before) {
        if (!arrays.isEmpty()) {
            return new PayloadFrames(before, type, taskId, arrays, pieces);
        }
        List<Frame> frames = new ArrayList<>(before);
        if (pieces.isEmpty()) {
            frames.add(Frame.of(type, taskId));
        } else if (pieces.size() > 1 && size <= Frame.MAX_BODY) {
            frames.add(new Frame(type, taskId, false, joined()));
            return frames;
        }
        for (int i = 0; i < pieces.size(); i++) {
            frames.add(new Frame(type, taskId, i < pieces.size() - 1, pieces.get(i)));
        }
        return frames;
    }

    private ByteBuffer joined() {
        ByteBuffer whole = ByteBuffer.allocate((int) size);
        pieces.forEach(piece -> whole.put(piece.duplicate()));
        return whole.flip();
    }

    /** The first byte of the stream of objects; -1 if it is empty. */
    int firstByte() {
        return pieces.isEmpty() || !pieces.get(0).hasRemaining()
                ? -1
                : Byte.toUnsignedInt(pieces.get(0).get(pieces.get(0).position()));
    }

    /** Reads the stream of objects from the beginning. */
    InputStream toInputStream() {
        return new Source(pieces);
    }

    /**
     * Collects what is written to it; {@link #toPayload} ends that. What exceeds its limit, or the memory that is left, is only
     * counted.
     */
    static final class Sink extends OutputStream {
        private final PayloadLimit limit;
        private final @Nullable Object still;
        private final Payload payload = new Payload();
        private ByteBuffer current = ByteBuffer.allocate(FIRST_PIECE);
        private long written;
        private boolean full;

        Sink() {
            this(PayloadLimit.ofProtocol());
        }

        Sink(PayloadLimit limit) {
            this(limit, null);
        }

        /**
         * Makes one.
         *
         * @param still an array that nobody changes any more, if there is one: it need not be copied
         */
        Sink(PayloadLimit limit, @Nullable Object still) {
            this.limit = limit;
            this.still = still;
        }

        @Override
        public void write(int b) {
            written++;
            if (ensureRoom()) {
                current.put((byte) b);
            }
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            written += length;
            int from = offset;
            int left = length;
            while (left > 0 && ensureRoom()) {
                int now = Math.min(left, current.remaining());
                current.put(bytes, from, now);
                from += now;
                left -= now;
            }
        }

        /**
         * Takes an array beside the stream, as it is now.
         *
         * @return what stands for it in the stream; null if it belongs there itself
         */
        @Nullable
        ArrayStub hold(Object object) {
            RawArray array = RawArray.of(object);
            int index = payload.arrays.size();
            if (array == null || array.bytes() < ArrayTable.LEAST_BYTES || index == ArrayTable.MOST_ARRAYS) {
                return null;
            }
            written += ArrayTable.padded(array.bytes());
            if (full || written > limit.bytes()) {
                giveUp();
                return new ArrayStub(index, object);
            }
            try {
                payload.add(object == still ? array : array.copy());
            } catch (OutOfMemoryError e) {
                giveUp();
            }
            return new ArrayStub(index, object);
        }

        /** Whether not all of it was kept: there is no payload then. */
        boolean isTooLarge() {
            return full || written > limit.bytes();
        }

        /** Says how large it is, and why that is too large. */
        String describe() {
            return limit.describe(written);
        }

        Payload toPayload() {
            if (current.position() > 0) {
                payload.add(fitted(current.flip()));
            }
            return payload;
        }

        // It may wait for long, together with many others: then it should not need much more memory than it has bytes.
        private static ByteBuffer fitted(ByteBuffer last) {
            return last.remaining() > last.capacity() / 2 ? last : copyOf(last);
        }

        // What was collected goes first: there must be memory for what follows.
        private boolean ensureRoom() {
            if (full || current.hasRemaining()) {
                return !full;
            }
            if (written > limit.bytes()) {
                giveUp();
            } else {
                try {
                    makeRoom();
                } catch (OutOfMemoryError e) {
                    giveUp();
                }
            }
            return !full;
        }

        private void giveUp() {
            full = true;
            payload.clear();
            current = EMPTY;
        }

        // The first piece grows up to a full frame, so that small tasks stay small; further ones are full frames.
        private void makeRoom() {
            if (current.capacity() < Frame.MAX_BODY) {
                int larger = Math.min(Frame.MAX_BODY, current.capacity() * 8);
                current = ByteBuffer.allocate(larger).put(current.flip());
            } else {
                payload.add(current.flip());
                current = ByteBuffer.allocate(Frame.MAX_BODY);
            }
        }
    }

    private static final class Source extends InputStream {
        private final List<ByteBuffer> pieces;
        private int next;
        private ByteBuffer current = ByteBuffer.allocate(0);

        Source(List<ByteBuffer> pieces) {
            this.pieces = pieces;
        }

        @Override
        public int read() throws IOException {
            return advance() ? current.get() & 0xff : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (!advance()) {
                return -1;
            }
            int now = Math.min(length, current.remaining());
            current.get(target, offset, now);
            return now;
        }

        @Override
        public long skip(long bytes) {
            long left = bytes;
            while (left > 0 && advance()) {
                int now = (int) Math.min(left, current.remaining());
                current.position(current.position() + now);
                left -= now;
            }
            return Math.max(0, bytes) - Math.max(0, left);
        }

        @Override
        public int available() {
            return current.remaining();
        }

        private boolean advance() {
            while (!current.hasRemaining()) {
                if (next == pieces.size()) {
                    return false;
                }
                current = pieces.get(next++).duplicate();
            }
            return true;
        }
    }
}
