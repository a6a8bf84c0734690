package dev.loomscope.process;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Frames over a socket.
 *
 * <p>Only threads of our own may call in: an interrupt of a thread that reads or writes closes the socket. One thread reads;
 * any may write.
 */
final class FrameChannel implements Closeable {

    private static final int BUFFER_BYTES = 64 * 1024;

    private final SocketChannel socket;
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0); // reading thread only
    private final ReentrantLock writeLock =
            new ReentrantLock(); // the one lock that is held during I/O: it orders frames
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES); // guarded by writeLock

    FrameChannel(SocketChannel socket) {
        this.socket = socket;
    }

    /**
     * Waits for the next frame.
     *
     * @throws EOFException if the other side has closed, or died
     */
    Frame read() throws IOException {
        Frame.Header header = readHeader();
        return readBody(header, ByteBuffer.allocate(header.length()));
    }

    /**
     * As {@link #read}; but a frame whose body finds no memory comes without it, and the channel goes on.
     *
     * @throws EOFException if the other side has closed, or died
     */
    Frame readWhatFits() throws IOException {
        Frame.Header header = readHeader();
        ByteBuffer body;
        try {
            body = ByteBuffer.allocate(header.length());
        } catch (OutOfMemoryError e) {
            skip(header.length());
            return header.withLostBody();
        }
        return readBody(header, body);
    }

    private Frame.Header readHeader() throws IOException {
        fill(Frame.HEADER_BYTES);
        return Frame.Header.read(in);
    }

    private Frame readBody(Frame.Header header, ByteBuffer body) throws IOException {
        body.put(in.slice(in.position(), Math.min(in.remaining(), header.length())));
        in.position(in.position() + body.position());
        while (body.hasRemaining()) {
            readSome(body);
        }
        return header.withBody(body.flip());
    }

    /** Sends a frame. Blocks while the other side does not read. */
    void write(Frame frame) throws IOException {
        writeLock.lock();
        try {
            out.clear();
            frame.putHeader(out);
            ByteBuffer body = frame.body().duplicate();
            if (body.remaining() <= out.remaining()) {
                out.put(body);
            }
            ByteBuffer[] parts = {out.flip(), body};
            while (out.hasRemaining() || body.hasRemaining()) {
                socket.write(parts);
            }
        } finally {
            writeLock.unlock();
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private void fill(int bytes) throws IOException {
        if (in.remaining() >= bytes) {
            return;
        }
        in.compact();
        while (in.position() < bytes) {
            readSome(in);
        }
        in.flip();
    }

    private void skip(int bytes) throws IOException {
        int left = bytes;
        while (left > 0) {
            fill(1);
            int now = Math.min(left, in.remaining());
            in.position(in.position() + now);
            left -= now;
        }
    }

    private void readSome(ByteBuffer target) throws IOException {
        if (socket.read(target) < 0) {
            throw new EOFException("the other side has closed the channel");
        }
    }
}
