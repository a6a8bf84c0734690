package dev.loomscope.process;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One attempt to start a worker: a private folder, a socket in it, the process, the secret over its stdin, the handshake, and its
 * word that it is warm.
 */
final class WorkerLaunch {

    private static final Logger log = LoggerFactory.getLogger(WorkerLaunch.class);
    private static final Duration DEATH_PATIENCE = Duration.ofSeconds(5);
    private static final Duration OUTPUT_PATIENCE = Duration.ofMillis(500);

    private final ProcessPoolConfig config;
    private final String name;
    private final PoolThreads threads;
    private final StartArchive archive;
    private final ProgramCode code;
    private final long begun = System.nanoTime();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private volatile @Nullable Process process; // set once by the launching thread
    private volatile @Nullable String aborted; // any thread; why its worker is not wanted any more
    private volatile boolean marks; // set once by the launching thread; the worker says in a file what it begins

    WorkerLaunch(ProcessPoolConfig config, String name, PoolThreads threads, StartArchive archive, ProgramCode code) {
        this.config = config;
        this.archive = archive;
        this.code = code;
        this.name = name;
        this.threads = threads;
    }

    String name() {
        return name;
    }

    /** The heap that its worker is to have. */
    int heapMiB() {
        return config.maxHeapMiB();
    }

    /** Completed when its worker is live, or with the reason why it is not. */
    CompletableFuture<Void> end() {
        return end;
    }

    /** When it began, as nanoTime. */
    long begun() {
        return begun;
    }

    /** The failure of this start for a reason that has nothing to do with the worker, as a lack of threads. */
    WorkerStartException failure(Throwable reason) {
        return new WorkerStartException(failure(reason.toString()), reason);
    }

    /**
     * Starts the worker and waits until it is ready.
     *
     * @throws WorkerStartException if it does not get there, or if it may have other code than this JVM; the process is gone then
     */
    Worker run() throws WorkerStartException {
        ProgramCode.State before = code.checkNow();
        ensureUnchanged(before, null);
        ensureInitIsCurrent();
        Worker worker;
        try {
            worker = launch(before.epoch());
        } catch (WorkerStartException e) {
            ensureUnchanged(code.checkNow(), e); // a jar that vanished fails a start in many ways
            throw e;
        }
        ProgramCode.State after = code.checkNow();
        if (after.epoch() != before.epoch() || !after.changes().isEmpty()) {
            worker.discard();
            ensureUnchanged(after, null);
            throw failure(new IllegalStateException("the program loaded new code while the worker was starting"));
        }
        return worker;
    }

    private void ensureUnchanged(ProgramCode.State state, @Nullable Throwable consequence) throws WorkerStartException {
        if (!state.changes().isEmpty()) {
            CodeChangedException reason = ProgramCode.refusal(
                    "worker %s of pool '%s' was not started".formatted(name, config.name()), state.changes());
            if (consequence != null) {
                reason.addSuppressed(consequence);
            }
            throw new WorkerStartException(String.valueOf(reason.getMessage()), reason);
        }
    }

    private void ensureInitIsCurrent() throws WorkerStartException {
        WorkerInit init = config.workerInit();
        if (init != null) {
            try {
                init.ensureCurrent();
            } catch (CodeChangedException e) {
                throw new WorkerStartException(failure(String.valueOf(e.getMessage())), e);
            }
        }
    }

    private Worker launch(int epoch) throws WorkerStartException {
        WorkerFolder folder = WorkerFolder.createIfPossible();
        if (folder.exists()) {
            FolderSweep.startOnce(folder, threads);
        }
        boolean ready = false;
        try (WorkerSocket socket = WorkerSocket.bind(folder)) {
            Worker worker = start(folder, socket, epoch);
            ready = true;
            return worker;
        } catch (IOException e) {
            String reason = String.valueOf(e.getMessage());
            throw new WorkerStartException(failure(reason) + StartAdvice.ofRefusal(reason, config), e);
        } finally {
            if (ready) {
                folder.clear();
            } else {
                folder.delete();
                StrayProcesses.killAndAwait(Set.of(folder.mark())); // which its init has started
            }
        }
    }

    /** Makes {@link #run} fail soon, for this reason. Any thread. */
    void abort(String reason) {
        aborted = reason;
        Process started = process;
        if (started != null) {
            started.destroyForcibly();
        }
    }

    private Worker start(WorkerFolder folder, WorkerSocket socket, int epoch) throws IOException, WorkerStartException {
        ParentWorld world = ParentWorld.capture(WorldAspects.of(config));
        Process started = LiveProcesses.start(command(folder), folder);
        process = started;
        try {
            if (aborted != null) {
                started.destroyForcibly();
            }
            return connect(started, folder, socket, epoch, world);
        } catch (RuntimeException | Error e) {
            if (LiveProcesses.destroy(started, DEATH_PATIENCE)) {
                LiveProcesses.forget(started);
            }
            throw e;
        }
    }

    private ProcessBuilder command(WorkerFolder folder) throws IOException {
        return WorkerCommand.create(config, folder, arguments -> {
            List<String> options = new ArrayList<>(archive.options(arguments, folder));
            options.add(WorkerLabel.option(config, name));
            return options;
        });
    }

    private Worker connect(Process started, WorkerFolder folder, WorkerSocket socket, int epoch, ParentWorld world)
            throws WorkerStartException {
        WorkerOutput output = WorkerOutput.start(name, started, threads);
        // Whatever the process does, the waits below end: at its exit, or when its time is up.
        CompletableFuture<Void> exit = ExitWatch.start(name, started, threads);
        exit.thenRun(() -> closeQuietly(socket));
        CompletableFuture<Long> lastBegun = exit.thenApply(ended -> lastBegun(folder));
        AtomicBoolean tooLate = new AtomicBoolean(); // before the kill: whoever sees its effect sees its cause
        PatientDelay timeout = PatientDelay.schedule(config.startTimeout(), () -> {
            tooLate.set(true);
            started.destroyForcibly();
        });
        try {
            WorkerBootstrap bootstrap = WorkerBootstrap.create(socket.address(), name);
            bootstrap.writeTo(started.getOutputStream());
            FrameChannel channel = new Handshake(bootstrap, threads).meet(socket);
            setUp(channel, started, world);
            marks = BegunMark.isIn(folder);
            archive.onStarted();
            return new Worker(
                    name,
                    new WorkerProcess(started, lastBegun, output, folder, heapMiB(), marks, world),
                    channel,
                    threads,
                    epoch);
        } catch (IOException e) {
            throw diagnose(started, output, tooLate.get(), e);
        } finally {
            timeout.cancel();
        }
    }

    private long lastBegun(WorkerFolder folder) {
        long id = BegunMark.UNKNOWN;
        try {
            id = BegunMark.read(folder, marks);
            folder.delete();
        } catch (RuntimeException | Error e) {
            // no memory, say: the folder is left for a sweep
        }
        return id;
    }

    private void setUp(FrameChannel channel, Process started, ParentWorld world)
            throws IOException, WorkerStartException {
        boolean ready = false;
        try {
            Payload thrown = WorkerSetup.send(channel, config, world);
            if (thrown != null) {
                throw initFailure(thrown, started);
            }
            ready = true;
        } finally {
            if (!ready) {
                channel.close();
            }
        }
    }

    private WorkerStartException initFailure(Payload thrown, Process started) throws ProtocolException {
        WorkerInit init = config.workerInit();
        if (init == null) {
            throw new ProtocolException("a worker without init says that it has failed");
        }
        LiveProcesses.destroy(started, DEATH_PATIENCE);
        String worker = "%s (pid %s)".formatted(name, started.pid());
        Throwable reason = init.decode(thrown, worker, config.allowedResults());
        return new WorkerStartException(failure("its init threw " + reason), reason);
    }

    private WorkerStartException diagnose(Process started, WorkerOutput output, boolean timedOut, IOException problem) {
        boolean wrong = problem instanceof WrongWorkerException;
        boolean exited = !wrong && awaitExit(started);
        if (!exited) {
            LiveProcesses.destroy(started, DEATH_PATIENCE);
        }
        String unwanted = aborted;
        if (unwanted != null) {
            return new WorkerStartException(failure(unwanted), problem);
        }
        if (exited) {
            archive.onFailedStart();
        }
        String tail = output.tail(OUTPUT_PATIENCE);
        WorkerExit exit = exited ? WorkerExit.ofStart(started.exitValue(), tail) : WorkerExit.UNKNOWN;
        String printed = tail.isEmpty() ? "It printed nothing." : "It printed:\n" + tail;
        String what = wrong
                ? String.valueOf(problem.getMessage())
                : timedOut
                        ? "it was not ready after %s ms, and was killed"
                                .formatted(config.startTimeout().toMillis())
                        : exited
                                ? "its process ended with " + exit.describe()
                                : "it did not introduce itself (%s)".formatted(problem.getMessage());
        String advice = timedOut ? StartAdvice.ofTimeout(config) : StartAdvice.of(tail, exit, config);
        return new WorkerStartException(failure(what) + advice + " " + printed, problem);
    }

    private static boolean awaitExit(Process started) {
        try {
            return started.waitFor(OUTPUT_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private String failure(String what) {
        return "worker %s of pool '%s' could not be started: %s. JVM options: %s."
                .formatted(name, config.name(), what, options());
    }

    private List<String> options() {
        return Stream.concat(Stream.of("-Xmx" + config.maxHeapMiB() + "m"), config.jvmOptions().stream())
                .toList();
    }

    private static void closeQuietly(WorkerSocket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            log.debug("a worker's socket did not close", e);
        }
    }
}
