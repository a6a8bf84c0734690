package dev.loomscope.process;

import java.io.IOException;
import java.io.InputStream;

/**
 * The main class of a worker process.
 *
 * <p>A worker leaves only when it is told to, or when its lifeline breaks: its stdin ends, its channel ends, or its parent process is
 * gone.
 */
final class WorkerMain {

    private WorkerMain() {}

    /** Runs tasks until the pool says otherwise; takes no arguments. */
    public static void main(String[] args) throws IOException {
        InputStream lifeline = System.in;
        System.setIn(InputStream.nullInputStream()); // tasks must not read what is not for them
        WorkerBootstrap bootstrap = WorkerBootstrap.readFrom(lifeline);
        Lifeline.watch(lifeline, bootstrap);
        FrameChannel channel = new FrameChannel(WorkerSocket.connect(bootstrap.address()));
        channel.write(bootstrap.toHello());
        try (WorkerSession session = new WorkerSession(channel, bootstrap.worker())) {
            session.warmUp();
            channel.write(Frame.of(Frame.Type.READY, 0));
            session.serve();
        } catch (IOException e) {
            Lifeline.leave(); // the channel has ended
        }
        System.exit(0);
    }
}
