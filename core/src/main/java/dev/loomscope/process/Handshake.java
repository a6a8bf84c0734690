package dev.loomscope.process;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds, among all who connect to a worker's socket, the worker: it knows the secret. Others of the same user may connect, say
 * something else or nothing at all; they are turned away and keep nobody out, since each is heard on a thread of its own.
 */
final class Handshake {

    private static final Logger log = LoggerFactory.getLogger(Handshake.class);

    private final WorkerBootstrap bootstrap;
    private final PoolThreads threads;
    private final CompletableFuture<FrameChannel> worker = new CompletableFuture<>();

    Handshake(WorkerBootstrap bootstrap, PoolThreads threads) {
        this.bootstrap = bootstrap;
        this.threads = threads;
    }

    /**
     * Waits for the worker.
     *
     * @throws IOException if the socket is closed before it has come
     * @throws OutOfMemoryError if there is no thread to hear it
     */
    FrameChannel meet(WorkerSocket socket) throws IOException {
        List<FrameChannel> strangers = new ArrayList<>();
        try {
            while (true) {
                FrameChannel channel = new FrameChannel(socket.accept());
                strangers.add(channel);
                threads.start("loom-scope-%s-handshake".formatted(bootstrap.worker()), () -> listen(channel, socket));
            }
        } catch (IOException e) {
            if (!worker.isDone()) {
                throw e;
            }
            strangers.remove(worker.join());
            return worker.join();
        } finally {
            strangers.forEach(this::turnAway);
        }
    }

    // Closing the socket ends the wait for further connections.
    private void listen(FrameChannel channel, WorkerSocket socket) {
        try {
            bootstrap.verifyHello(channel.read());
            worker.complete(channel);
            socket.close();
        } catch (IOException e) {
            log.debug("somebody who is not worker {} connected to its socket", bootstrap.worker(), e);
            turnAway(channel);
        }
    }

    private void turnAway(FrameChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("the connection of a stranger did not close", e);
        }
    }
}
