package dev.loomscope.process;

import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Whose turn it is to read the channel of a worker. The thread that runs tasks reads the next one itself: no other has to be woken
 * for it. While a task runs for long, the main thread reads, since the pool may have to say something about it; what that reads
 * next, it hands over.
 */
final class ReadingTurn {

    private enum Reader {
        TASK_THREAD,
        NOBODY, // a task runs that has just begun
        MAIN_THREAD
    }

    private final Source source; // read by whoever has the turn
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Condition nowFree = lock.newCondition();
    private Reader reader = Reader.TASK_THREAD; // guarded by lock
    private boolean longAlready; // guarded by lock; the task that has just been read
    private @Nullable Assignment handedOver; // guarded by lock
    private boolean free; // guarded by lock; the task thread has come for the next task
    private boolean retired; // guarded by lock; never goes back to false

    /** Where tasks come from. */
    @FunctionalInterface
    interface Source {

        /** Waits for the next; null if the pool retires this worker. {@code turn} is whose source this is. */
        @Nullable
        Assignment next(ReadingTurn turn) throws IOException;
    }

    ReadingTurn(Source source) {
        this.source = source;
    }

    /** Waits for the next task; null if there is none any more. Task thread only, when none runs. */
    @Nullable
    Assignment next() throws IOException {
        lock.lock();
        try {
            free = true;
            nowFree.signalAll();
            while (reader == Reader.MAIN_THREAD && handedOver == null && !retired) {
                changed.awaitUninterruptibly();
            }
            Assignment next = handedOver;
            handedOver = null;
            if (next != null || retired) {
                free = false;
                return next;
            }
            reader = Reader.TASK_THREAD;
        } finally {
            lock.unlock();
        }
        return end(source.next(this));
    }

    /** Waits until the task that has replied is behind us, with all that its thread still held. Only for who has the turn. */
    void awaitFree() {
        lock.lock();
        try {
            while (!free) {
                nowFree.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Reads while tasks run for long, until the pool retires this worker. Main thread only. */
    void readForLongTasks() throws IOException {
        while (awaitTurn()) {
            handOver(source.next(this));
        }
    }

    /** The task runs for so long that the pool may have to say something about it. Any thread. */
    void onLongTask() {
        lock.lock();
        try {
            if (reader == Reader.NOBODY) {
                reader = Reader.MAIN_THREAD;
                changed.signalAll();
            } else {
                // Who has read it is held up; or it is over, and the main thread reads once more than it has to.
                longAlready = true;
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean awaitTurn() {
        lock.lock();
        try {
            while (reader != Reader.MAIN_THREAD && !retired) {
                changed.awaitUninterruptibly();
            }
            return !retired;
        } finally {
            lock.unlock();
        }
    }

    private void handOver(@Nullable Assignment next) {
        lock.lock();
        try {
            handedOver = next;
            end(next);
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Assignment end(@Nullable Assignment next) {
        lock.lock();
        try {
            free = false;
            reader = longAlready ? Reader.MAIN_THREAD : Reader.NOBODY;
            longAlready = false;
            retired |= next == null;
            if (retired || handedOver != null || reader == Reader.MAIN_THREAD) { // else nobody waits for it
                changed.signalAll();
            }
            return next;
        } finally {
            lock.unlock();
        }
    }
}
