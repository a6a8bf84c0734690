package dev.loomscope.process;

import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One worker process as its pool sees it: the process, the channel to it, and a thread that reads from it, which never deserializes
 * and never runs user code.
 */
final class Worker {

    /** What a worker is doing: IDLE and BUSY in turn, then one of the others until its process is gone. */
    enum State {
        /** Ready for a task. */
        IDLE,
        /** Has a task. */
        BUSY,
        /** We end it: it was healthy. */
        RETIRED,
        /** We end it: its task did not listen. */
        KILLED,
        /** It has ended by itself. */
        CRASHED
    }

    /** Hears what comes from a worker, on its reader thread. */
    interface Owner {

        /** What the replies of all workers take. */
        ResultMemory memory();

        /** The code of a task runs; of a short one this is not said. */
        void onStarted(Worker worker, long taskId) throws ProtocolException;

        /** The first of several parts of a reply has come. */
        void onReplyBegins(Worker worker, long taskId) throws ProtocolException;

        /** A task says how far it is; it may have ended meanwhile. */
        void onProgress(Worker worker, long taskId, ProgressReport progress);

        /** A task has ended. */
        void onReply(Worker worker, long taskId, WorkerReply reply) throws ProtocolException;

        /** Its process is about to end by itself, when its shutdown hooks have. */
        void onExiting(Worker worker);

        /** So many bytes are in its heap. */
        void onHeap(Worker worker, long bytes);

        /** The process is gone; the last call. */
        void onEnded(Worker worker, WorkerExit exit);
    }

    private static final Logger log = LoggerFactory.getLogger(Worker.class);
    private static final Duration DEATH_PATIENCE = Duration.ofSeconds(5);
    private static final Duration RETIRE_PATIENCE = Duration.ofSeconds(2);
    private static final Duration EXIT_PATIENCE = Duration.ofSeconds(2);
    private static final Duration OUTPUT_PATIENCE = Duration.ofMillis(500);

    private final String name;
    private final WorkerProcess worker;
    private final Process process; // that of 'worker'
    private final String words; // for people
    private final FrameChannel channel;
    private final PoolThreads threads;
    private final PoolOutbox outbox;
    private @Nullable String breach; // reader thread only; what it said that no worker may say
    private volatile @Nullable ExitCall exitCall; // reader thread, and the timer after that
    private volatile boolean retired; // any thread, set once
    private volatile @Nullable String lost; // any thread; why it was killed, though its task was not cancelled

    State state = State.IDLE; // guarded by the pool's lock

    @Nullable
    PoolJob<?> job; // guarded by the pool's lock; while BUSY

    @Nullable
    WorkerReply lateReply; // guarded by the pool's lock until the worker has ended; came after the kill

    String killReason = ""; // guarded by the pool's lock until the worker has ended
    boolean proven; // guarded by the pool's lock; a task began in it
    int tasks; // guarded by the pool's lock; how many it has had

    @Nullable
    String worn; // guarded by the pool's lock; why it should have no other task

    long idleSince; // guarded by the pool's lock; nanoTime, while IDLE

    boolean isToSend; // guarded by the pool's lock, which has the chain of these

    @Nullable
    Worker nextToSend; // guarded by the pool's lock

    Worker(String name, WorkerProcess worker, FrameChannel channel, PoolThreads threads) {
        this.name = name;
        this.worker = worker;
        this.process = worker.process();
        this.words = "%s (pid %d)".formatted(name, process.pid());
        this.channel = channel;
        this.outbox = new PoolOutbox(channel, this::failToSend);
        this.threads = threads;
    }

    /**
     * Begins to talk; once.
     *
     * @throws OutOfMemoryError if there is no thread for it: {@link #discard} is all that can be done then
     */
    void start(Owner owner) {
        threads.start("loom-scope-%s-reader".formatted(name), () -> readLoop(owner));
        worker.lastBegun().whenComplete((id, problem) -> PatientDelay.schedule(OUTPUT_PATIENCE, this::closeChannel));
    }

    String name() {
        return name;
    }

    long pid() {
        return process.pid();
    }

    /** What it said that no worker may say, before it was killed for that; null in most cases. Reader thread, when it has ended. */
    @Nullable
    String breach() {
        return breach;
    }

    /** Why this JVM has killed its process; null if it has not. When it has ended. */
    @Nullable
    String reasonOfKill() {
        return killReason.isEmpty() ? lost : killReason;
    }

    int heapMiB() {
        return worker.heapMiB();
    }

    /** Whether it has the heap that the task needs. */
    boolean suits(PoolJob<?> task) {
        return heapMiB() >= task.heapMiB();
    }

    /** Whether it says in its folder that it has begun this task, or what it says there cannot be read. Reads a file. */
    boolean mayHaveBegun(PoolJob<?> task) {
        long id = worker.readMark();
        return id == task.id() || id == BegunMark.UNKNOWN;
    }

    /** How many frames of tasks it has taken so far; grows while it reads. */
    long written() {
        return outbox.sentOfTasks();
    }

    /** Puts a task in line for {@link #send}. */
    void assign(PoolJob<?> task) {
        outbox.add(task);
    }

    /** Puts in line for {@link #send} that it should stop its task. */
    void cancel(PoolJob<?> task) {
        outbox.add(task.toCancel());
    }

    /** Puts in line for {@link #send} the question what its heap holds, after a collection if that is this many bytes or more. */
    void askForHeap(long limit) {
        outbox.add(Frame.of(Frame.Type.ASK_HEAP, limit));
    }

    /** Sends what stands in line. Returns at once; not under the pool's lock. */
    void send() {
        outbox.send();
    }

    /** Asks the worker to exit, and sees to it that it does. Returns at once. */
    void retire() {
        retired = true;
        outbox.add(Frame.of(Frame.Type.RETIRE, 0));
        outbox.send();
        killIfAliveAfter(RETIRE_PATIENCE, () -> {});
    }

    // Shutdown hooks are code of users, and may hang.
    private void killIfAliveAfter(Duration patience, Runnable before) {
        PoolTimer.schedule(patience, () -> {
            if (process.isAlive()) {
                before.run();
                kill();
            }
        });
    }

    /** Ends the process and its descendants by force. Returns at once; {@link Owner#onEnded} follows. */
    void kill() {
        try {
            threads.start("loom-scope-%s-kill".formatted(name), this::destroy);
        } catch (OutOfMemoryError e) {
            try {
                ProcessTree.kill(List.of(process)); // which does not wait
            } finally {
                process.destroyForcibly(); // if there was no memory for that either
            }
            PoolTimer.schedule(DEATH_PATIENCE, this::closeChannel);
            log.warn("no thread can be started to kill {}: it is killed without one", this, e);
        }
    }

    /** Ends a worker that could not be {@linkplain #start started}, and waits until its process is gone. */
    void discard() {
        destroy();
        closeChannel();
    }

    private void destroy() {
        if (!LiveProcesses.destroy(process, DEATH_PATIENCE)) {
            log.error(
                    "worker {} has not ended {} ms after it was killed; its task is given up. The system holds it, as in a read from a"
                            + " disk or network that does not answer: see ps -o stat,wchan -p {}",
                    this,
                    DEATH_PATIENCE.toMillis(),
                    pid());
        }
        PoolTimer.schedule(OUTPUT_PATIENCE, this::closeChannel);
    }

    @Override
    public String toString() {
        return words;
    }

    // No memory, say: its task must not wait for ever.
    private void failToSend(Throwable reason) {
        lost = "nothing could be sent to it (%s)".formatted(reason);
        kill();
        log.error("nothing can be sent to {} any more; it is killed", this, reason);
    }

    private void readLoop(Owner listener) {
        try (ReplyAssembly replies = new ReplyAssembly(listener.memory())) {
            while (true) {
                dispatch(channel.read(), replies, listener);
            }
        } catch (EOFException e) {
            log.debug("{} has closed its channel", this);
        } catch (ProtocolException e) {
            breach = e.getMessage();
            log.warn("{} does not keep to the protocol: {}. It is killed", this, breach);
        } catch (IOException e) {
            log.debug("the channel of {} has failed", this, e);
        } catch (RuntimeException | Error e) {
            lost = "nothing could be read from it (%s)".formatted(e);
            log.error("nothing can be read from {} any more; it is given up", this, e);
        } finally {
            closeChannel();
            end(listener);
        }
    }

    private void dispatch(Frame frame, ReplyAssembly replies, Owner listener) throws IOException {
        switch (frame.type()) {
            case STARTED -> {
                frame.ensureEmpty();
                listener.onStarted(this, frame.taskId());
            }
            case DROPPED -> {
                frame.ensureEmpty();
                listener.onReply(this, frame.taskId(), new WorkerReply.Cancelled());
            }
            case PROGRESS -> listener.onProgress(this, frame.taskId(), ProgressReport.read(frame));
            case RESULT, FAILURE, FATAL -> {
                if (frame.more() && replies.isEmpty()) {
                    listener.onReplyBegins(this, frame.taskId());
                }
                WorkerReply reply = replies.add(frame, this);
                if (reply != null) {
                    listener.onReply(this, frame.taskId(), reply);
                }
            }
            case EXITING -> {
                if (exitCall != null) {
                    throw new ProtocolException("it exits twice"); // each time costs a timer
                }
                ExitCall call = ExitCall.read(frame);
                exitCall = call;
                listener.onExiting(this);
                killIfAliveAfter(EXIT_PATIENCE, () -> exitCall = call.asHung());
            }
            case HEAP -> listener.onHeap(this, frame.taskId());
            default -> throw new ProtocolException("a worker must not send " + frame.type());
        }
    }

    // The last call comes in any case: a task and a place in the pool hang on it.
    private void end(Owner listener) {
        WorkerExit exit = WorkerExit.UNKNOWN;
        try {
            exit = awaitExit();
        } finally {
            listener.onEnded(this, exit);
        }
    }

    // The channel ends a moment before the process does, or before the shutdown hooks of one that was told to exit.
    // A process that lives on without it is of no use.
    private WorkerExit awaitExit() {
        Duration patience = retired ? RETIRE_PATIENCE : OUTPUT_PATIENCE;
        boolean gone = false;
        try {
            gone = breach == null && process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
            if (!gone) {
                noteLost("its connection broke, and its process was still alive %d ms later"
                        .formatted(patience.toMillis()));
                gone = LiveProcesses.destroy(process, DEATH_PATIENCE);
            }
        } catch (InterruptedException e) {
            log.error("the reader of {} was interrupted, which nobody may do", this, e);
        }
        StrayProcesses.killAndAwait(Set.of(worker.folder().mark())); // before its output: they may hold that open
        WorkerFolder folder = worker.folder();
        long lastBegun = gone ? worker.lastBegun().join() : worker.readMark();
        Path crashFile = folder.crashFile(String.valueOf(pid()));
        int code = gone ? process.exitValue() : -1;
        return WorkerExit.of(crashFile, code, exitCall, worker.output().stderrTail(OUTPUT_PATIENCE), lastBegun);
    }

    private void noteLost(String reason) {
        if (lost == null) {
            lost = reason;
        }
    }

    private void closeChannel() {
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("the channel of {} did not close", this, e);
        }
    }
}
