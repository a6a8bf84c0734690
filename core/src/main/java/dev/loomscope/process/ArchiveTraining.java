package dev.loomscope.process;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A worker that runs a few tasks of ours, and none of the user's, and writes an archive of the classes that it has loaded when it
 * exits. It hangs on its parent as all workers do, and yields the processors to everybody.
 */
final class ArchiveTraining {

    private static final Logger log = LoggerFactory.getLogger(ArchiveTraining.class);
    private static final Duration PATIENCE = Duration.ofMinutes(3); // it takes a second, if it gets a processor
    private static final Duration DEATH_PATIENCE = Duration.ofSeconds(5);
    private static final String NAME = "archive";

    private final ProcessPoolConfig config;
    private final ArchiveFormat format;
    private final PoolThreads threads;
    private volatile @Nullable Process process; // the building thread
    private volatile boolean stopped; // any thread, set once

    ArchiveTraining(ProcessPoolConfig config, ArchiveFormat format, PoolThreads threads) {
        this.config = config;
        this.format = format;
        this.threads = threads;
    }

    /**
     * Writes the archive to this file.
     *
     * @return whether it is there and can be used
     * @throws IOException if that could not be found out, as without a temporary folder
     */
    boolean run(Path archive) throws IOException {
        if (train(archive) && Files.exists(archive)) {
            force(archive);
            return isUsable(archive);
        }
        return false;
    }

    // A file that lost its content with the power would keep its name. Some JVMs write it read-only.
    private static void force(Path archive) throws IOException {
        if (archive.toFile().setWritable(true, true)) {
            try (FileChannel written = FileChannel.open(archive, StandardOpenOption.WRITE)) {
                written.force(true);
            }
        }
    }

    boolean wasStopped() {
        return stopped;
    }

    /** Makes {@link #run} fail soon. Any thread. */
    void stop() {
        stopped = true;
        Process running = process;
        if (running != null) {
            LiveProcesses.destroy(running, DEATH_PATIENCE);
        }
    }

    private boolean train(Path archive) throws IOException {
        WorkerFolder folder = WorkerFolder.create();
        PatientDelay timeout = PatientDelay.schedule(PATIENCE, this::stopRunning);
        try (WorkerSocket socket = WorkerSocket.bind(folder)) {
            Process started = start(folder, arguments -> {
                List<String> options = new ArrayList<>(format.build(archive));
                options.add(WorkerLabel.option(config, NAME));
                return options;
            });
            CompletableFuture<Void> exit = ExitWatch.start(NAME, started, threads);
            exit.thenRun(() -> close(socket));
            WorkerBootstrap bootstrap = WorkerBootstrap.create(socket.address(), NAME);
            try {
                bootstrap.writeTo(started.getOutputStream());
                try (FrameChannel channel = new Handshake(bootstrap, threads).meet(socket)) {
                    converse(channel);
                    exit.join(); // within the time, after which it is killed
                }
                return started.exitValue() == 0;
            } catch (IOException e) {
                log.debug("a worker that should train an archive has not got to its end", e);
                return false;
            }
        } finally {
            timeout.cancel();
            end(folder);
        }
    }

    // What a first task needs: a lambda, values of the usual kinds, an exception, a second task.
    private void converse(FrameChannel channel) throws IOException {
        WorkerSetup.send(channel, config.withoutWorkerInit());
        List<String> words = new ArrayList<>(List.of("a", "list"));
        Task<Object> returns = () -> List.of(words.size(), 1L, 0.5, new int[] {1}, words);
        Task<Object> fails = () -> {
            throw new IllegalStateException("a failure, as an example", new IOException("its cause"));
        };
        send(channel, 1, returns);
        send(channel, 2, fails);
        send(channel, 3, returns);
        channel.write(Frame.of(Frame.Type.RETIRE, 0));
    }

    private static void send(FrameChannel channel, long id, Task<Object> task) throws IOException {
        Payload payload =
                TaskCodec.encodeTask("training", TaskContext.EMPTY, task).payload();
        for (Frame frame : payload.toFrames(Frame.Type.TASK, id)) {
            channel.write(frame);
        }
        boolean replied = false;
        while (!replied) {
            Frame.Type type = channel.read().type();
            replied = type == Frame.Type.RESULT || type == Frame.Type.FAILURE;
        }
    }

    // A JVM that must use it or fail; it loads its main class and does not run it.
    private boolean isUsable(Path archive) throws IOException {
        WorkerFolder folder = WorkerFolder.create();
        try {
            Process started = start(folder, arguments -> {
                List<String> options = new ArrayList<>(format.insist(archive));
                options.add("--dry-run");
                return options;
            });
            ExitWatch.start(NAME, started, threads);
            if (!started.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                return false;
            }
            return started.exitValue() == 0;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            end(folder);
        }
    }

    private Process start(WorkerFolder folder, Function<List<String>, List<String>> options) throws IOException {
        ProcessBuilder builder = WorkerCommand.create(config.withNiceness(0), folder, options);
        builder.command().addAll(0, NicePrefix.background());
        builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.DISCARD);
        Process started = LiveProcesses.start(builder, folder);
        process = started;
        if (stopped) {
            stopRunning();
        }
        return started;
    }

    private void stopRunning() {
        Process running = process;
        if (running != null) {
            running.descendants().forEach(ProcessHandle::destroyForcibly);
            running.destroyForcibly();
        }
    }

    private void end(WorkerFolder folder) {
        Process running = process;
        if (running != null && LiveProcesses.destroy(running, DEATH_PATIENCE)) {
            LiveProcesses.forget(running);
        }
        folder.delete();
    }

    private static void close(WorkerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("a worker's socket did not close", e);
        }
    }
}
