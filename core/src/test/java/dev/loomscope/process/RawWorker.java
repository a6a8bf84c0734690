package dev.loomscope.process;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;

/** A real worker process whose pool is the test: it says what it likes, and reads what the worker answers. */
final class RawWorker implements AutoCloseable {

    private final Process process;
    private final WorkerFolder folder;
    private final SocketChannel socket;
    private final FrameChannel channel;

    private RawWorker(Process process, WorkerFolder folder, SocketChannel socket, FrameChannel channel) {
        this.process = process;
        this.folder = folder;
        this.socket = socket;
        this.channel = channel;
    }

    /** Starts one, and waits until it is ready. */
    static RawWorker start() throws IOException {
        WorkerFolder folder = WorkerFolder.create();
        ProcessPoolConfig config = ProcessPoolConfig.defaults().withMaxHeapMiB(64);
        Process process = WorkerCommand.create(config, folder)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        process.onExit().thenRun(folder::delete);
        try (WorkerSocket server = WorkerSocket.bind(folder)) {
            WorkerBootstrap bootstrap = WorkerBootstrap.create(server.address(), "raw");
            bootstrap.writeTo(process.getOutputStream());
            SocketChannel socket = server.accept();
            FrameChannel channel = new FrameChannel(socket);
            bootstrap.verifyHello(channel.read());
            channel.write(bootstrap.toWelcome());
            if (WorkerSetup.send(channel, config) != null) {
                throw new ProtocolException("not ready");
            }
            return new RawWorker(process, folder, socket, channel);
        } catch (IOException | RuntimeException | Error e) {
            process.destroyForcibly();
            throw e;
        }
    }

    void send(Frame frame) throws IOException {
        channel.write(frame);
    }

    /** Sends bytes that need be no frame. */
    void sendRaw(ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            socket.write(bytes);
        }
    }

    /** Waits for what it says next. */
    Frame read() throws IOException {
        return channel.read();
    }

    /** Closes the channel, as a pool that dies. */
    void hangUp() throws IOException {
        channel.close();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits until the process has ended. */
    int awaitExit() throws InterruptedException {
        if (!process.waitFor(PoolRun.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the worker goes on");
        }
        return process.exitValue();
    }

    @Override
    public void close() throws IOException {
        channel.close();
        process.destroyForcibly();
        folder.delete();
    }
}
