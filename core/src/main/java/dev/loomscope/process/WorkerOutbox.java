package dev.loomscope.process;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * What a worker has to say of its tasks, until one thread writes it. Nobody who puts something in ever waits.
 *
 * <p>Replies are all written. Of the progress that a task reports only the latest is kept, and it is written a hundred times a second
 * at most, and before the task's reply.
 */
final class WorkerOutbox {

    private static final long PROGRESS_PAUSE_NANOS = Duration.ofMillis(10).toNanos();
    private static final List<Frame> NUDGE = List.of(); // there is progress

    private final BlockingQueue<List<Frame>> replies = new LinkedBlockingQueue<>();
    private volatile Progress current = new Progress(); // main thread; of the task that came last
    private long nextProgress = System.nanoTime(); // writing thread only; when there may be another

    /** Puts in the reply of a task. */
    void reply(List<Frame> frames) {
        replies.add(frames);
    }

    /** What one task reports. A thread that it has left behind may go on when the next one runs: that is written no more. */
    final class Progress {
        private final AtomicReference<@Nullable Frame> latest = new AtomicReference<>(); // any thread

        private Progress() {}

        /** Puts in how far the task is, in place of what has not been written. Any thread. */
        void put(Frame frame) {
            if (latest.getAndSet(frame) == null && current == this) {
                replies.add(NUDGE);
            }
        }
    }

    /** The next task is about to begin. Main thread only, when the reply of the last one was written. */
    Progress begin() {
        Progress next = new Progress();
        current = next;
        return next;
    }

    /** Writes what comes, for ever. */
    void writeTo(FrameChannel channel) throws IOException, InterruptedException {
        boolean owed = false; // there was a nudge, too soon after the last
        while (true) {
            List<Frame> frames =
                    owed ? replies.poll(nextProgress - System.nanoTime(), TimeUnit.NANOSECONDS) : replies.take();
            boolean isReply = frames != null && !frames.isEmpty();
            if (!isReply && System.nanoTime() - nextProgress < 0) {
                owed = true;
                continue;
            }
            owed = false;
            writeProgress(channel);
            if (frames != null) {
                for (Frame frame : frames) {
                    channel.write(frame);
                }
            }
        }
    }

    private void writeProgress(FrameChannel channel) throws IOException {
        Frame latest = current.latest.getAndSet(null);
        if (latest != null) {
            channel.write(latest);
            nextProgress = System.nanoTime() + PROGRESS_PAUSE_NANOS;
        }
    }
}
