package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The bytes of a task or of a result, in pieces that fit a frame each, so that none needs one array of its full size.
 *
 * <p>Not thread-safe; handed from thread to thread when complete.
 */
final class Payload {

    private static final int FIRST_PIECE = 512;
    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final List<ByteBuffer> pieces = new ArrayList<>();
    private long size;

    static Payload of(byte[] bytes) {
        Payload payload = new Payload();
        payload.add(ByteBuffer.wrap(bytes));
        return payload;
    }

    /** The number of bytes. */
    long size() {
        return size;
    }

    /** Takes over a piece. */
    void add(ByteBuffer piece) {
        pieces.add(piece);
        size += piece.remaining();
    }

    private void clear() {
        pieces.clear();
        size = 0;
    }

    /** Returns the pieces as frames; at least one, also for no bytes at all. */
    List<Frame> toFrames(Frame.Type type, long taskId) {
        if (pieces.isEmpty()) {
            return List.of(Frame.of(type, taskId));
        }
        List<Frame> frames = new ArrayList<>(pieces.size());
        for (int i = 0; i < pieces.size(); i++) {
            frames.add(new Frame(type, taskId, i < pieces.size() - 1, pieces.get(i)));
        }
        return frames;
    }

    /** Reads it from the beginning. */
    InputStream toInputStream() {
        return new Source(pieces);
    }

    /**
     * Collects what is written to it; {@link #toPayload} ends that. What exceeds its limit, or the memory that is left, is only
     * counted.
     */
    static final class Sink extends OutputStream {
        private final PayloadLimit limit;
        private final Payload payload = new Payload();
        private ByteBuffer current = ByteBuffer.allocate(FIRST_PIECE);
        private long written;
        private boolean full;

        Sink() {
            this(PayloadLimit.ofProtocol());
        }

        Sink(PayloadLimit limit) {
            this.limit = limit;
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
            return last.remaining() > last.capacity() / 2
                    ? last
                    : ByteBuffer.allocate(last.remaining()).put(last).flip();
        }

        // What was collected goes first: there must be memory for what follows.
        private boolean ensureRoom() {
            if (full || current.hasRemaining()) {
                return !full;
            }
            if (written > limit.bytes()) {
                full = true;
            } else {
                try {
                    makeRoom();
                } catch (OutOfMemoryError e) {
                    full = true;
                }
            }
            if (full) {
                payload.clear();
                current = EMPTY;
            }
            return !full;
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
