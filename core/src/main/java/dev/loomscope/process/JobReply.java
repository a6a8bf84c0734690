package dev.loomscope.process;

import static java.util.concurrent.atomic.AtomicReferenceFieldUpdater.newUpdater;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What somebody who runs a job waits for: its reply, and before that its start and the progress that its task reports. Of reports
 * that nobody has taken yet only the latest is kept, so that whoever hears them slowly costs neither memory nor the channel's time.
 *
 * <p>Many wait at a time, and a reply has to come through also when there is no memory left: no lock, and nothing is made here,
 * not even the call site of a VarHandle.
 */
final class JobReply {

    private static final AtomicReferenceFieldUpdater<JobReply, @Nullable String> RUNNER =
            newUpdater(JobReply.class, String.class, "runner");
    private static final AtomicReferenceFieldUpdater<JobReply, @Nullable ProgressReport> LATEST =
            newUpdater(JobReply.class, ProgressReport.class, "latest");
    private static final AtomicIntegerFieldUpdater<JobReply> COMPLETED =
            AtomicIntegerFieldUpdater.newUpdater(JobReply.class, "completed");

    private volatile @Nullable String runner; // from the start until it is taken
    private volatile @Nullable ProgressReport latest; // until it is taken
    private volatile int completed; // 1 by who has the first reply, which is then set
    private volatile @Nullable WorkerReply reply; // once, after all that comes before it
    private volatile @Nullable Thread waiting; // by itself, before it looks for the first time

    /** Hears what comes before a reply. */
    interface Listener {

        /** The task has started, in this worker. */
        void onStart(String runner);

        /** The task says how far it is. */
        void onProgress(ProgressReport progress);
    }

    /** Takes in the start, of which there is one. */
    void start(String startedIn) {
        runner = startedIn;
        LockSupport.unpark(waiting);
    }

    /** Takes in a report. */
    void report(ProgressReport progress) {
        latest = progress;
        LockSupport.unpark(waiting);
    }

    /**
     * Ends the wait.
     *
     * @param startedIn the worker in which it has started, if that was not said before
     * @return whether it was the first reply, which is the one that counts
     */
    boolean complete(WorkerReply outcome, @Nullable String startedIn) {
        if (completed == 1 || !COMPLETED.compareAndSet(this, 0, 1)) {
            return false;
        }
        if (startedIn != null) {
            runner = startedIn;
        }
        reply = outcome;
        LockSupport.unpark(waiting);
        return true;
    }

    /** Waits for the reply, and hands on what comes before it. An interrupt does not end the wait. One thread only. */
    WorkerReply await(Listener listener) {
        waiting = Thread.currentThread();
        boolean interrupted = false;
        while (true) {
            // The last to come is looked for first: when it is there, so is what came before.
            WorkerReply outcome = reply;
            ProgressReport progress = latest == null ? null : LATEST.getAndSet(this, null);
            String startedIn = runner == null ? null : RUNNER.getAndSet(this, null);
            if (outcome == null && startedIn == null && progress == null) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted(); // else it would not park again
                continue;
            }
            if (interrupted) {
                interrupted = false;
                Thread.currentThread().interrupt();
            }
            if (startedIn != null) {
                listener.onStart(startedIn);
            }
            if (progress != null) {
                listener.onProgress(progress);
            }
            if (outcome != null) {
                return outcome;
            }
        }
    }
}
