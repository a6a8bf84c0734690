package dev.loomscope.process;

import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What somebody who runs a job waits for: its reply, and before that the progress that its task reports. Of reports that nobody has
 * taken yet only the latest is kept, so that whoever hears them slowly costs neither memory nor the channel's time.
 */
final class JobReply {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable ProgressReport latest; // guarded by lock; until somebody takes it
    private @Nullable WorkerReply reply; // guarded by lock, set once

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
     * @return whether it was the first reply, which is the one that counts
     */
    boolean complete(WorkerReply outcome) {
        lock.lock();
        try {
            if (reply != null) {
                return false;
            }
            reply = outcome;
            changed.signal();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for the reply, and hands on the progress that comes before it. An interrupt does not end the wait. */
    WorkerReply await(Consumer<ProgressReport> heard) {
        while (true) {
            ProgressReport progress;
            lock.lock();
            try {
                while (latest == null && reply == null) {
                    changed.awaitUninterruptibly();
                }
                progress = latest;
                latest = null;
                if (progress == null && reply != null) {
                    return reply;
                }
            } finally {
                lock.unlock();
            }
            if (progress != null) {
                heard.accept(progress);
            }
        }
    }
}
