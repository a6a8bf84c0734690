package dev.loomscope.process;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The main class of a worker process.
 *
 * <p>A worker leaves only when it is told to, or when its lifeline breaks: its stdin ends, its channel ends, or its parent process is
 * gone.
 */
final class WorkerMain {

    private static final int INIT_FAILED = 1; // the pool knows better

    private WorkerMain() {}

    /** Runs tasks until the pool says otherwise; takes no arguments. */
    public static void main(String[] args) throws IOException {
        Thread signals = Thread.ofPlatform().daemon().name("loom-scope-signals").start(WorkerSignals::leaveToParent);
        InputStream lifeline = WorkerStreams.takeStdin();
        WorkerBootstrap bootstrap = WorkerBootstrap.readFrom(lifeline);
        Lifeline.watch(lifeline, bootstrap);
        WarmUp warmUp = WarmUp.start(bootstrap.warmUp());
        ChannelProvider.use(bootstrap.channels());
        FrameChannel channel = new FrameChannel(WorkerSocket.connect(bootstrap.address()));
        meet(channel, bootstrap);
        await(signals); // from here on a signal would cost what the user's code has done
        WorkerWorld world = setUp(channel, bootstrap.worker());
        BegunMark begun = BegunMark.create(WorkerSocket.folderOf(bootstrap.address()));
        try (WorkerSession session = new WorkerSession(channel, begun, bootstrap.worker(), world)) {
            warmUp.await();
            ExitCall.reportThrough(channel);
            channel.write(Frame.of(Frame.Type.READY, 0));
            session.serve();
            closeValues();
        } catch (IOException e) {
            Lifeline.leave(); // the channel has ended
        } catch (RuntimeException | Error e) {
            Runtime.getRuntime().halt(WorkerExit.CANNOT_REPLY); // a task has left no memory to hear the pool with
        }
        System.exit(0);
    }

    private static void meet(FrameChannel channel, WorkerBootstrap bootstrap) throws IOException {
        channel.write(bootstrap.toHello());
        Frame first;
        try {
            first = channel.read();
        } catch (EOFException e) {
            Lifeline.leave(); // the pool has gone
            return;
        }
        bootstrap.verifyWelcome(first);
    }

    // A worker without its init is of no use: it says what was thrown, and ends.
    private static WorkerWorld setUp(FrameChannel channel, String worker) throws IOException {
        try {
            WorkerSetup setup = WorkerSetup.receive(channel);
            WorkerInit.Arrived init = setup.init();
            Nesting.enter(setup.depth(), worker, setup.pool(), init);
            Throwable thrown = init == null ? null : init.run(setup.world());
            if (thrown != null) {
                for (Frame frame : RemoteFailure.of(thrown).toPayload().toFrames(Frame.Type.FAILURE, 0)) {
                    channel.write(frame);
                }
                System.exit(INIT_FAILED);
            }
            return setup.world();
        } catch (IOException e) {
            Lifeline.leave(); // the channel has ended
            throw e;
        }
    }

    // What they throw is printed as that of any thread, on stderr.
    private static void closeValues() {
        await(Thread.ofPlatform().daemon().name("loom-scope-close").start(() -> {
            try {
                WorkerValues.close();
            } catch (Exception e) {
                throw new IllegalStateException("a worker-local could not be closed", e);
            }
        }));
    }

    @SuppressWarnings("ThreadJoinLoop") // an interrupt is not kept either: nobody is left to see it
    private static void await(Thread thread) {
        while (true) {
            try {
                thread.join();
                return;
            } catch (InterruptedException e) {
                // by a thread that some task has left behind
            }
        }
    }
}
