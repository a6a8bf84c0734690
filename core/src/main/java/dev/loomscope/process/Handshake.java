package dev.loomscope.process;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds, among all who connect to a worker's socket, the worker: it knows the secret. Others of the same user may connect, say
 * something else or nothing at all; they are turned away and keep nobody out, since each is heard on a thread of its own. What they
 * take of this JVM is bounded: so many at once, so many bytes of each.
 */
final class Handshake {

    /** How many are heard at once; the worker speaks as soon as it has come. */
    static final int MAX_STRANGERS = 16;

    /** How many bytes the first frame of anybody may have. */
    static final int MAX_HELLO = 256;

    private static final Logger log = LoggerFactory.getLogger(Handshake.class);

    private final WorkerBootstrap bootstrap;
    private final PoolThreads threads;
    private final CompletableFuture<SocketChannel> worker = new CompletableFuture<>();

    Handshake(WorkerBootstrap bootstrap, PoolThreads threads) {
        this.bootstrap = bootstrap;
        this.threads = threads;
    }

    /**
     * Waits for the worker.
     *
     * @throws WrongWorkerException if it has come, and cannot be used
     * @throws IOException if the socket is closed before it has come
     * @throws OutOfMemoryError if there is no thread to hear it
     */
    FrameChannel meet(WorkerSocket socket) throws IOException {
        Deque<SocketChannel> strangers = new ArrayDeque<>(); // the oldest first
        try {
            while (true) {
                SocketChannel channel = socket.accept();
                if (strangers.size() == MAX_STRANGERS) {
                    turnAway(strangers.removeFirst());
                }
                strangers.addLast(channel);
                threads.start("loom-scope-%s-handshake".formatted(bootstrap.worker()), () -> listen(channel, socket));
            }
        } catch (IOException e) {
            if (!worker.isDone()) {
                throw e;
            }
            if (worker.isCompletedExceptionally()) {
                throw (WrongWorkerException) worker.exceptionNow();
            }
            FrameChannel channel = welcome(worker.join());
            strangers.remove(worker.join());
            return channel;
        } finally {
            strangers.forEach(this::turnAway);
        }
    }

    private FrameChannel welcome(SocketChannel socket) throws IOException {
        FrameChannel channel = new FrameChannel(socket);
        boolean welcomed = false;
        try {
            channel.write(bootstrap.toWelcome());
            welcomed = true;
            return channel;
        } finally {
            if (!welcomed) {
                channel.close();
            }
        }
    }

    // Closing the socket ends the wait for further connections.
    private void listen(SocketChannel channel, WorkerSocket socket) {
        try {
            bootstrap.verifyHello(readHello(channel));
            worker.complete(channel);
            socket.close();
        } catch (WrongWorkerException e) {
            worker.completeExceptionally(e);
            close(socket);
        } catch (IOException e) {
            log.debug("somebody who is not worker {} connected to its socket", bootstrap.worker(), e);
            turnAway(channel);
        }
    }

    // Reads no byte more, and keeps none of it: whoever it is has shown nothing yet.
    private static Frame readHello(SocketChannel channel) throws IOException {
        Frame.Header header = Frame.Header.read(readFully(channel, Frame.HEADER_BYTES));
        if (header.length() > MAX_HELLO) {
            throw new ProtocolException(
                    "the first frame is no hello but %s of %s bytes".formatted(header.type(), header.length()));
        }
        return header.withBody(readFully(channel, header.length()));
    }

    private static ByteBuffer readFully(SocketChannel channel, int bytes) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(bytes);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new EOFException("it has hung up");
            }
        }
        return buffer.flip();
    }

    private static void close(WorkerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("the socket of a worker that cannot be used did not close", e);
        }
    }

    private void turnAway(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("the connection of a stranger did not close", e);
        }
    }
}
