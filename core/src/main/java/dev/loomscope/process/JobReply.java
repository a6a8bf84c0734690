package dev.loomscope.process;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What somebody who runs a job waits for: its reply, and before that its start and the progress that its task reports. Of reports
 * that nobody has taken yet only the latest is kept, so that whoever hears them slowly costs neither memory nor the channel's time.
 */
final class JobReply {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable String runner; // guarded by lock; from the start until somebody takes it
    private @Nullable ProgressReport latest; // guarded by lock; until somebody takes it
    private @Nullable WorkerReply reply; // guarded by lock, set once

    /** Hears what comes before a reply. */
    interface Listener {

        /** The task has started, in this worker. */
        void onStart(String runner);

        /** The task says how far it is. */
        void onProgress(ProgressReport progress);
    }

    /** Takes in the start, of which there is one. */
    void start(String startedIn) {
        lock.lock();
        try {
            runner = startedIn;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Takes in a report. */
    void report(ProgressReport progress) {
        lock.lock();
        try {
            latest = progress;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the wait.
     *
     * @param startedIn the worker in which it has started, if that was not said before
     * @return whether it was the first reply, which is the one that counts
     */
    boolean complete(WorkerReply outcome, @Nullable String startedIn) {
        lock.lock();
        try {
            if (reply != null) {
                return false;
            }
            reply = outcome;
            runner = startedIn == null ? runner : startedIn;
            changed.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the reply, and hands on what comes before it. An interrupt does not end the wait. */
    WorkerReply await(Listener listener) {
        while (true) {
            String startedIn;
            ProgressReport progress;
            lock.lock();
            try {
                while (runner == null && latest == null && reply == null) {
                    changed.awaitUninterruptibly();
                }
                startedIn = runner;
                progress = latest;
                runner = null;
                latest = null;
                if (startedIn == null && progress == null && reply != null) {
                    return reply;
                }
            } finally {
                lock.unlock();
            }
            if (startedIn != null) {
                listener.onStart(startedIn);
            }
            if (progress != null) {
                listener.onProgress(progress);
            }
        }
    }
}
