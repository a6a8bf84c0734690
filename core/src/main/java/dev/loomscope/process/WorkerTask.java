package dev.loomscope.process;

import dev.loomscope.core.Task;
import dev.loomscope.process.TaskCodec.DecodedTask;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs tasks in a worker, one at a time, on one thread. */
final class WorkerTask {

    private static final int RESERVE_BYTES = 1 << 20;

    private final Consumer<List<Frame>> replies;
    private final SynchronousQueue<Assignment> next = new SynchronousQueue<>();
    private final PrintStream stdout = System.out;
    private final PrintStream stderr = System.err;
    private final Thread thread;
    private final String threadName;
    // Given up when memory runs out, so that there is room to say so.
    @SuppressWarnings("UnusedVariable")
    private byte @Nullable [] reserve = new byte[RESERVE_BYTES]; // task thread only

    private final ReentrantLock lock = new ReentrantLock();
    private long running; // guarded by lock; the id of the task whose code runs, 0 for none

    private record Assignment(long taskId, Payload payload) {}

    WorkerTask(String worker, Consumer<List<Frame>> replies) {
        this.replies = replies;
        this.threadName = "loom-scope-task-" + worker;
        this.thread = Thread.ofPlatform().daemon().name(threadName).start(this::loop);
    }

    void warmUp() throws IOException {
        try {
            Payload payload =
                    TaskCodec.encodeTask("warm-up", (Task<String>) () -> "warm").payload();
            Object result = TaskCodec.decodeTask(payload).task().call();
            TaskCodec.encodeResult("warm-up", result);
        } catch (Exception e) {
            throw new IOException("the warm-up task failed", e);
        }
    }

    /** Hands a task to the task thread, which is free: the pool sends one at a time. */
    void start(long taskId, Payload payload) throws IOException {
        begin(taskId); // here and not on the task thread: a cancel may be the next frame
        try {
            next.put(new Assignment(taskId, payload));
        } catch (InterruptedException e) {
            throw new IOException("the channel's thread was interrupted", e);
        }
    }

    /** Interrupts the task with this id, if its code still runs. */
    void interrupt(long taskId) {
        lock.lock();
        try {
            if (running == taskId) {
                thread.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    // A worker that cannot answer is of no use, and must not look as if it were busy: it ends, as a crash.
    private void loop() {
        try {
            while (true) {
                Assignment assignment = await();
                replies.accept(run(assignment));
            }
        } catch (Throwable e) {
            Runtime.getRuntime().halt(WorkerExit.CANNOT_REPLY);
        }
    }

    private Assignment await() {
        while (true) {
            try {
                return next.take();
            } catch (InterruptedException e) {
                // left over from somebody's executor; no task runs that it could be for
            }
        }
    }

    private List<Frame> run(Assignment assignment) throws IOException {
        try {
            return runUserCode(assignment);
        } finally {
            end();
        }
    }

    private List<Frame> runUserCode(Assignment assignment) throws IOException {
        String name = "task";
        try {
            DecodedTask task = TaskCodec.decodeTask(assignment.payload());
            name = task.name();
            Object result = task.task().call();
            return TaskCodec.encodeResult(name, result).toFrames(Frame.Type.RESULT, assignment.taskId());
        } catch (Throwable thrown) {
            return failure(assignment.taskId(), thrown);
        } finally {
            resetStreams();
        }
    }

    private List<Frame> failure(long taskId, Throwable thrown) throws IOException {
        boolean outOfMemory = isOutOfMemory(thrown);
        if (outOfMemory) {
            reserve = null; // the pool retires this worker
        }
        Frame.Type type = outOfMemory ? Frame.Type.FATAL : Frame.Type.FAILURE;
        return RemoteFailure.of(thrown).toPayload().toFrames(type, taskId);
    }

    private static boolean isOutOfMemory(Throwable thrown) {
        Throwable next = thrown;
        for (int i = 0; i < RemoteTrace.MAX_CAUSES && next != null; i++) {
            if (next instanceof OutOfMemoryError) {
                return true;
            }
            next = RemoteTrace.causeOf(next);
        }
        return false;
    }

    // What the task has printed comes before its reply; what it did to the streams is not the next one's problem.
    private void resetStreams() {
        stdout.flush();
        stderr.flush();
        System.setIn(InputStream.nullInputStream());
        System.setOut(stdout);
        System.setErr(stderr);
    }

    private void begin(long taskId) {
        lock.lock();
        try {
            running = taskId;
        } finally {
            lock.unlock();
        }
    }

    // After this no interrupt for the task can come; one that has come is cleared,
    // together with what the task did to its thread.
    private void end() {
        lock.lock();
        try {
            running = 0;
            Thread.interrupted();
        } finally {
            lock.unlock();
        }
        thread.setName(threadName);
        thread.setPriority(Thread.NORM_PRIORITY);
        thread.setContextClassLoader(ClassLoader.getSystemClassLoader());
    }
}
