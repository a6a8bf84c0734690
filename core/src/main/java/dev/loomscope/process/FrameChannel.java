package dev.loomscope.process;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Frames over a socket. One thread at a time reads; any may write. An interrupt of a thread that does either closes nothing and ends no wait.
 *
 * <p>Who keeps a body of full length leaves its position where it is. One that was read to its end belongs to nobody, and the next
 * comes outside the heap, in memory that is used again: no garbage, and one copy less.
 */
final class FrameChannel implements Closeable {

    private static final int BUFFER_BYTES = 64 * 1024;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final SocketChannel socket; // does not block
    private final SocketReadiness readiness;
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0); // reading thread only
    private boolean drained; // reading thread only; there was no more to read the last time
    private @Nullable ByteBuffer bulk; // reading thread only; for such bodies, outside the heap
    private @Nullable ByteBuffer full; // reading thread only; the latest body of full length
    private final ReentrantLock writeLock = new ReentrantLock(); // held during I/O: it orders frames
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES).limit(0); // guarded by writeLock
    private boolean underWay; // guarded by writeLock; a frame is not sent to its end
    private ByteBuffer rest = NOTHING; // guarded by writeLock; of the body of the last frame, what is not in 'out' yet

    /** Takes over a socket. */
    FrameChannel(SocketChannel socket) throws IOException {
        this.socket = socket;
        this.readiness = new SocketReadiness(socket);
    }

    /**
     * Waits for the next frame.
     *
     * @throws EOFException if the other side has closed, or died
     */
    Frame read() throws IOException {
        Frame.Header header = readHeader();
        return readBody(header, bodyOf(header.length()));
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
            body = bodyOf(header.length());
        } catch (OutOfMemoryError e) {
            skip(header.length());
            return header.withLostBody();
        }
        return readBody(header, body);
    }

    private ByteBuffer bodyOf(int length) {
        if (length < Frame.MAX_BODY) {
            return ByteBuffer.allocate(length);
        }
        if (full == null || full.hasRemaining()) {
            full = ByteBuffer.allocate(length);
            return full;
        }
        if (bulk == null) {
            bulk = ByteBuffer.allocateDirect(Frame.MAX_BODY);
        }
        full = bulk.clear();
        return full;
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

    /** Sends a frame. Waits while the other side does not read. */
    void write(Frame frame) throws IOException {
        writeLock.lock();
        try {
            begin(frame);
            while (!writeRest()) {
                readiness.awaitWritable();
            }
        } finally {
            writeLock.unlock();
        }
    }

    /**
     * Begins to send a frame, and does not wait.
     *
     * @return whether all of it is sent; otherwise {@link #goOn} sends the rest, before there is another frame
     */
    boolean tryWrite(Frame frame) throws IOException {
        writeLock.lock();
        try {
            begin(frame);
            return writeRest();
        } finally {
            writeLock.unlock();
        }
    }

    /** Sends more of a frame, and does not wait; returns whether that was all. */
    boolean goOn() throws IOException {
        writeLock.lock();
        try {
            return writeRest();
        } finally {
            writeLock.unlock();
        }
    }

    /** Has {@code action} run by the reading thread once the other side has read more; once. */
    void whenWritable(Runnable action) {
        readiness.whenWritable(action);
    }

    // A frame that an error has cut off cannot be followed by another.
    private void begin(Frame frame) throws IOException {
        if (underWay) {
            close();
            throw new IOException("the frame before was cut off");
        }
        frame.putHeader(out.clear());
        rest = frame.body().duplicate();
        topUp(); // header and body together
        underWay = true; // what failed before has sent nothing
    }

    // A body in the heap goes through a buffer of our own: the JDK would keep one of its size for every thread that
    // writes one.
    private boolean writeRest() throws IOException {
        while (out.hasRemaining() || rest.hasRemaining()) {
            if (!out.hasRemaining() && !rest.isDirect()) {
                out.clear();
                topUp();
            }
            long written = rest.isDirect() ? socket.write(new ByteBuffer[] {out, rest}) : socket.write(out);
            if (written == 0) {
                return false;
            }
        }
        rest = NOTHING; // which may be all of a large array
        underWay = false;
        return true;
    }

    private void topUp() {
        int now = rest.isDirect() ? 0 : Math.min(out.remaining(), rest.remaining());
        out.put(rest.slice(rest.position(), now)).flip();
        rest.position(rest.position() + now);
    }

    @Override
    public void close() throws IOException {
        try (readiness) {
            socket.close();
        }
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
        int read = drained ? 0 : socket.read(target);
        while (read == 0) {
            readiness.awaitReadable();
            read = socket.read(target);
        }
        if (read < 0) {
            throw new EOFException("the other side has closed the channel");
        }
        drained = target.hasRemaining();
    }
}
