package dev.loomscope.process;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a worker has to say of its tasks. The reply of a task is written by the thread that has run it; a thread beside it says that a
 * task has started, unless that is over before it is worth a word, and how far it is.
 *
 * <p>Of the progress that a task reports only the latest is kept, and it is written a hundred times a second at most, and before the
 * task's reply.
 */
final class WorkerOutbox {

    private static final long TICK_NANOS = Duration.ofMillis(1).toNanos();
    private static final long PROGRESS_PAUSE_NANOS = Duration.ofMillis(10).toNanos();
    private static final int IDLE_TICKS = 20; // without a task, before the reporting thread rests

    private final FrameChannel channel;
    private final Runnable onPoolGone;
    private final ReentrantLock lock = new ReentrantLock(); // held during I/O: it orders what is said of one task
    private volatile @Nullable Run current; // written by whoever reads the channel; of the task that came last
    private volatile @Nullable Thread resting; // the reporting thread, while it waits to be woken
    private long nextProgress = System.nanoTime(); // guarded by lock; when there may be another

    WorkerOutbox(FrameChannel channel, Runnable onPoolGone) {
        this.channel = channel;
        this.onPoolGone = onPoolGone;
    }

    /** What is said of one task. A thread that it has left behind may go on when the next one runs: that is written no more. */
    final class Run {
        private final long taskId;
        private final AtomicReference<@Nullable Frame> progress = new AtomicReference<>(); // any thread
        private boolean told; // guarded by lock; that it has started
        private boolean longToldOf; // reporting thread only
        private volatile boolean ended; // guarded by lock for writing

        private Run(long taskId, boolean told) {
            this.taskId = taskId;
            this.told = told;
        }

        long taskId() {
            return taskId;
        }

        /** Puts in how far the task is, in place of what has not been written. Any thread. */
        void report(ProgressReport report) {
            if (progress.getAndSet(report.toFrame(taskId)) == null) {
                wake();
            }
        }

        /** Writes its reply, after which nothing more is said of it. */
        void reply(List<Frame> frames) {
            lock.lock();
            try {
                writeProgress(this);
                ended = true;
                writeAll(frames);
            } finally {
                lock.unlock();
            }
        }
    }

    /**
     * A task is about to begin. Only for who reads the channel, when the reply of the last one was written.
     *
     * @param told whether the pool has been told that it has started
     */
    Run begin(long taskId, boolean told) {
        Run next = new Run(taskId, told);
        current = next;
        wake();
        return next;
    }

    /** Writes the reply of a task that does not run. Only for who reads the channel. */
    void refuse(List<Frame> frames) {
        writeAll(frames);
    }

    private void wake() {
        Thread sleeper = resting;
        if (sleeper != null) {
            LockSupport.unpark(sleeper);
        }
    }

    /** Says what there is to say of tasks that run, for ever. Runs {@code onLongTask} once for each that runs for long. */
    void report(Runnable onLongTask) {
        Run seen = null; // at the last tick
        int idle = 0; // ticks
        while (true) {
            Run run = current;
            boolean runs = run != null && !run.ended;
            idle = runs ? 0 : idle + 1;
            if (run != null && runs && run == seen) {
                rest(tellIfPossible(run, onLongTask), run);
            } else if (idle > IDLE_TICKS) {
                rest(Long.MAX_VALUE, run);
            } else {
                LockSupport.parkNanos(this, TICK_NANOS);
            }
            Thread.interrupted(); // a task may interrupt all threads that it can find
            seen = run;
        }
    }

    private long tellIfPossible(Run run, Runnable onLongTask) {
        try {
            if (!run.longToldOf) {
                onLongTask.run();
                run.longToldOf = true;
            }
            return tell(run);
        } catch (OutOfMemoryError e) {
            return TICK_NANOS; // the task has left no memory for it now; its reply may tell more
        }
    }

    // Returns how long there is nothing more to say of it, if it reports nothing more.
    private long tell(Run run) {
        lock.lock();
        try {
            if (run.ended) {
                return 0;
            }
            writeStart(run);
            if (run.progress.get() == null) {
                return Long.MAX_VALUE;
            }
            long early = nextProgress - System.nanoTime();
            if (early > 0) {
                return early;
            }
            writeProgress(run);
            return Long.MAX_VALUE;
        } finally {
            lock.unlock();
        }
    }

    // Until there is another task, or this one reports something.
    private void rest(long nanos, @Nullable Run run) {
        if (nanos == Long.MAX_VALUE) {
            resting = Thread.currentThread();
            if (current == run && (run == null || run.ended || run.progress.get() == null)) {
                LockSupport.park(this);
            }
            resting = null;
        } else if (nanos > 0) {
            LockSupport.parkNanos(this, nanos);
        }
    }

    // Guarded by lock.
    private void writeStart(Run run) {
        if (!run.told) {
            writeAll(List.of(Frame.of(Frame.Type.STARTED, run.taskId)));
            run.told = true;
        }
    }

    // Guarded by lock.
    private void writeProgress(Run run) {
        Frame latest = run.progress.getAndSet(null);
        if (latest != null) {
            writeStart(run);
            writeAll(List.of(latest));
            nextProgress = System.nanoTime() + PROGRESS_PAUSE_NANOS;
        }
    }

    private void writeAll(List<Frame> frames) {
        try {
            for (Frame frame : frames) {
                channel.write(frame);
            }
        } catch (IOException e) {
            onPoolGone.run();
        }
    }
}
