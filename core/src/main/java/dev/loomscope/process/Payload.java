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

    /** Collects what is written to it; {@link #toPayload} ends that. */
    static final class Sink extends OutputStream {
        private final Payload payload = new Payload();
        private ByteBuffer current = ByteBuffer.allocate(FIRST_PIECE);

        @Override
        public void write(int b) {
            ensureRoom();
            current.put((byte) b);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            int from = offset;
            int left = length;
            while (left > 0) {
                ensureRoom();
                int now = Math.min(left, current.remaining());
                current.put(bytes, from, now);
                from += now;
                left -= now;
            }
        }

        Payload toPayload() {
            if (current.position() > 0) {
                payload.add(current.flip());
            }
            return payload;
        }

        // The first piece grows up to a full frame, so that small tasks stay small; further ones are full frames.
        private void ensureRoom() {
            if (current.hasRemaining()) {
                return;
            }
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
