package dev.loomscope.process;

import static java.util.concurrent.atomic.AtomicReferenceFieldUpdater.newUpdater;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What comes for a job: its reply, and before that its start and the progress that its task reports. Of reports that were not heard
 * yet only the latest is kept, so that a slow listener costs neither memory nor the channel's time.
 *
 * <p>Either one thread waits in {@link #await}, or whoever brings something runs what was given to {@link #wakeBy}, which then
 * {@linkplain #hear hears} it.
 *
 * <p>There are many at a time, and a reply has to come through also when there is no memory left: no lock, and nothing is made here,
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
    private volatile @Nullable Runnable wake; // set once, before the first look

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
        wake();
    }

    /** Takes in a report. */
    void report(ProgressReport progress) {
        latest = progress;
        wake();
    }

    /**
     * Takes in the reply and wakes whoever is to hear it.
     *
     * @param startedIn the worker in which it has started, if that was not said before
     * @return whether it was the first reply, which is the one that counts
     */
    boolean complete(WorkerReply outcome, @Nullable String startedIn) {
        boolean first = take(outcome, startedIn);
        if (first) {
            wake();
        }
        return first;
    }

    /** As {@link #complete}, but {@link #wake} is to follow. */
    boolean take(WorkerReply outcome, @Nullable String startedIn) {
        if (completed == 1 || !COMPLETED.compareAndSet(this, 0, 1)) {
            return false;
        }
        if (startedIn != null) {
            runner = startedIn;
        }
        reply = outcome;
        return true;
    }

    /** Says what is to run when something has come; at once if something has. Once, before the first {@link #hear}. */
    void wakeBy(Runnable action) {
        wake = action;
        if (reply != null) { // it was cancelled before anybody waited; whoever brings something later sees the action
            action.run();
        }
    }

    /** Something may have come. */
    void wake() {
        Runnable action = wake;
        if (action != null) {
            action.run();
        }
    }

    /** Tells the listener what has come before the reply, and returns the reply; null if it has not come. One thread at a time. */
    @Nullable
    WorkerReply hear(Listener listener) {
        // The last to come is looked for first: when it is there, so is what came before.
        WorkerReply outcome = reply;
        ProgressReport progress = latest == null ? null : LATEST.getAndSet(this, null);
        String startedIn = runner == null ? null : RUNNER.getAndSet(this, null);
        if (startedIn != null) {
            listener.onStart(startedIn);
        }
        if (progress != null) {
            listener.onProgress(progress);
        }
        return outcome;
    }

    /** Waits for the reply, and hands on what comes before it. An interrupt does not end the wait. One thread only. */
    WorkerReply await(Listener listener) {
        Thread waiting = Thread.currentThread();
        wakeBy(() -> LockSupport.unpark(waiting));
        boolean interrupted = false;
        while (true) {
            if (reply == null && latest == null && runner == null) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted(); // else it would not park again
                continue;
            }
            if (interrupted) {
                interrupted = false;
                Thread.currentThread().interrupt();
            }
            WorkerReply outcome = hear(listener);
            if (outcome != null) {
                return outcome;
            }
        }
    }
}
