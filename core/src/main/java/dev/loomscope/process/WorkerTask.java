package dev.loomscope.process;

import dev.loomscope.core.CurrentTask;
import dev.loomscope.core.TaskContext;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Runs tasks in a worker, one at a time, on one thread, which also reads them as long as none {@linkplain ReadingTurn runs for long}. */
final class WorkerTask {

    private static final int RESERVE_BYTES = 1 << 20;

    private final KeptDescriptors kept = new KeptDescriptors(); // filled once
    private final WorkerStreams streams = new WorkerStreams();
    private final ArrivedConstants constants = new ArrivedConstants(); // task thread only
    private final Thread thread;
    private final String threadName;
    // That of the launcher: not the system's in the jar of Spring Boot.
    private final ClassLoader loader = Thread.currentThread().getContextClassLoader();
    // Given up when memory runs out, so that there is room to say so.
    @SuppressWarnings("UnusedVariable")
    private byte @Nullable [] reserve = new byte[RESERVE_BYTES]; // task thread only

    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable ReadingTurn turn; // set before the thread starts
    private volatile WorkerWorld world; // whoever reads the channel, between tasks
    private @Nullable Assignment running; // guarded by lock; the task whose code runs, if one does
    private boolean interrupted; // guarded by lock; that one, by its cancel

    /** Runs the tasks of this worker, in these settings unless {@linkplain #enter told} otherwise. */
    WorkerTask(String worker, WorkerWorld world) {
        this.world = world;
        streams.reset();
        this.threadName = "loom-scope-task-" + worker;
        this.thread = Thread.ofPlatform().daemon().name(threadName).unstarted(this::loop);
    }

    /** Loads what the failure of a task needs: when its memory is full, it is too late. */
    void warmUpFailure() throws IOException {
        OutOfMemoryError sample = new OutOfMemoryError("warm-up");
        kept.keepThoseOf(sample);
        kept.keepThoseOf(RemoteFailure.of(sample));
        RemoteFailure.of(sample).toPayload();
    }

    /** The tasks that come now shall find these settings. Only for who reads the channel. */
    void enter(WorkerWorld next) {
        world = next;
    }

    /** Starts the thread, which takes tasks from there until there is none any more. */
    void start(ReadingTurn tasks) {
        turn = tasks;
        thread.start();
    }

    /** A task has come and is the next to run: from now on it can be cancelled. Only for who reads the channel. */
    Assignment begin(Payload payload, OptionalLong deadlineNanos, WorkerOutbox.Run run) {
        CurrentTask.Control control = new CurrentTask.Control(
                deadlineNanos, (message, fraction) -> run.report(new ProgressReport(fraction, message)));
        Assignment assignment = new Assignment(payload, control, run);
        lock.lock();
        try {
            running = assignment;
            interrupted = false;
        } finally {
            lock.unlock();
        }
        return assignment;
    }

    /** Tells the task with this id that it is cancelled, and interrupts it, if its code still runs. */
    void cancel(long taskId, String reason) {
        lock.lock();
        try {
            if (running != null && running.taskId() == taskId) {
                running.control().cancel(reason);
                interrupted = true;
                thread.interrupt();
            }
        } finally {
            lock.unlock();
        }
    }

    // A worker that cannot answer is of no use, and must not look as if it were busy: it ends, as a crash.
    private void loop() {
        try {
            boolean goOn = true;
            while (goOn) {
                goOn = runNext();
            }
        } catch (Throwable e) {
            Runtime.getRuntime().halt(WorkerExit.CANNOT_REPLY);
        }
    }

    // A method of its own: while the next one is awaited, nothing keeps the last.
    private boolean runNext() throws IOException {
        Assignment next = await();
        if (next == null) {
            return false;
        }
        next.run().reply(run(next));
        clearContext();
        return true;
    }

    private @Nullable Assignment await() {
        try {
            return Objects.requireNonNull(turn).next();
        } catch (IOException e) {
            Lifeline.leave(); // the channel has ended
            return null;
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

    private List<Frame> run(Assignment assignment) throws IOException {
        forgetOtherInterrupts();
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
            world.establish();
            Object result = read(arrived).call();
            Payload simple = SimpleValue.encode(result);
            Payload payload = simple == null ? TaskCodec.encodeResult(name, result) : simple;
            return payload.toFrames(Frame.Type.RESULT, assignment.taskId());
        } catch (Throwable thrown) {
            return failure(assignment.taskId(), thrown);
        } finally {
            assignment.control().leave();
            streams.reset();
        }
    }

    private Callable<?> read(ArrivedTask arrived) throws IOException, ClassNotFoundException {
        Callable<?> known = constants.find(arrived);
        if (known != null) {
            return known;
        }
        TaskContext context = arrived.readContext();
        install(context);
        Callable<?> task = arrived.readTask();
        constants.add(arrived, context, task);
        return task;
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

    // Those of threads that a task before has left behind; and the other way round, what they have made of its own.
    private void forgetOtherInterrupts() {
        lock.lock();
        try {
            Thread.interrupted();
            if (interrupted) {
                thread.interrupt();
            }
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
        if (!thread.getName().equals(threadName)) { // it is a call of the system
            thread.setName(threadName);
        }
        thread.setPriority(Thread.NORM_PRIORITY);
        thread.setContextClassLoader(loader);
    }
}
