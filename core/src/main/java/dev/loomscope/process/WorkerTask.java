package dev.loomscope.process;

import dev.loomscope.core.CurrentTask;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Runs tasks in a worker, one at a time, on one thread. */
final class WorkerTask {

    private static final int RESERVE_BYTES = 1 << 20;

    private final SynchronousQueue<Assignment> next = new SynchronousQueue<>();
    private final KeptDescriptors kept = new KeptDescriptors(); // filled once
    private final WorkerStreams streams = new WorkerStreams();
    private final Thread thread;
    private final String threadName;
    // That of the launcher: not the system's in the jar of Spring Boot.
    private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
    // Given up when memory runs out, so that there is room to say so.
    @SuppressWarnings("UnusedVariable")
    private byte @Nullable [] reserve = new byte[RESERVE_BYTES]; // task thread only

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Assignment running; // guarded by lock; the task whose code runs, if one does

    private record Assignment(Payload payload, CurrentTask.Control control, WorkerOutbox.Run run) {}

    WorkerTask(String worker) {
        streams.reset();
        this.threadName = "loom-scope-task-" + worker;
        this.thread = Thread.ofPlatform().daemon().name(threadName).start(this::loop);
    }

    static void warmUp() throws IOException {
        try {
            Task<String> task = () -> "warm";
            ArrivedTask arrived = new ArrivedTask(
                    TaskCodec.encodeTask("warm-up", TaskContext.EMPTY, task).payload());
            arrived.readContext();
            Object result = arrived.readTask().call();
            TaskCodec.encodeResult("warm-up", result);
        } catch (Exception e) {
            throw new IOException("the warm-up task failed", e);
        }
    }

    /** Loads what the failure of a task needs: when its memory is full, it is too late. */
    void warmUpFailure() throws IOException {
        OutOfMemoryError sample = new OutOfMemoryError("warm-up");
        kept.keepThoseOf(sample);
        kept.keepThoseOf(RemoteFailure.of(sample));
        RemoteFailure.of(sample).toPayload();
    }

    /** Hands a task to the task thread, which is free: the pool sends one at a time. */
    void start(Payload payload, OptionalLong deadlineNanos, WorkerOutbox.Run run) {
        CurrentTask.Control control = new CurrentTask.Control(
                deadlineNanos, (message, fraction) -> run.report(new ProgressReport(fraction, message)));
        Assignment assignment = new Assignment(payload, control, run);
        begin(assignment); // here and not on the task thread: a cancel may be the next frame
        boolean taken = false;
        while (!taken) {
            try {
                next.put(assignment);
                taken = true;
            } catch (InterruptedException e) {
                // by a thread that some task has left behind
            }
        }
    }

    /** Tells the task with this id that it is cancelled, and interrupts it, if its code still runs. */
    void cancel(long taskId, String reason) {
        lock.lock();
        try {
            if (running != null && running.run().taskId() == taskId) {
                running.control().cancel(reason);
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
                assignment.run().reply(run(assignment));
                clearContext();
            }
        } catch (Throwable e) {
            Runtime.getRuntime().halt(WorkerExit.CANNOT_REPLY);
        }
    }

    // This thread has no context before, see below.
    private static void install(TaskContext context) {
        if (context != TaskContext.EMPTY) {
            context.install();
        }
    }

    // After the reply: to find out whether tasks log takes some ms, once.
    private static void clearContext() {
        try {
            TaskContext.clear();
        } catch (OutOfMemoryError | LinkageError e) { // the latter if there is no room for classes
            // the task's own was reported, and the pool is about to retire this worker
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
        assignment.control().enter();
        try {
            ArrivedTask arrived = new ArrivedTask(assignment.payload());
            name = arrived.name();
            install(arrived.readContext());
            Object result = arrived.readTask().call();
            return TaskCodec.encodeResult(name, result)
                    .toFrames(Frame.Type.RESULT, assignment.run().taskId());
        } catch (Throwable thrown) {
            return failure(assignment.run().taskId(), thrown);
        } finally {
            assignment.control().leave();
            streams.reset();
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

    private void begin(Assignment assignment) {
        lock.lock();
        try {
            running = assignment;
        } finally {
            lock.unlock();
        }
    }

    // After this no interrupt for the task can come; one that has come is cleared,
    // together with what the task did to its thread.
    private void end() {
        lock.lock();
        try {
            running = null;
            Thread.interrupted();
        } finally {
            lock.unlock();
        }
        thread.setName(threadName);
        thread.setPriority(Thread.NORM_PRIORITY);
        thread.setContextClassLoader(loader);
    }
}
