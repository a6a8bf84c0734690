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
    private final AtomicReference<@Nullable Frame> progress = new AtomicReference<>(); // any thread
    private long nextProgress = System.nanoTime(); // writing thread only; when there may be another

    /** Puts in the reply of a task. */
    void reply(List<Frame> frames) {
        replies.add(frames);
    }

    /** Puts in how far a task is, in place of what has not been written. */
    void progress(Frame frame) {
        if (progress.getAndSet(frame) == null) {
            replies.add(NUDGE);
        }
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
        Frame latest = progress.getAndSet(null);
        if (latest != null) {
            channel.write(latest);
            nextProgress = System.nanoTime() + PROGRESS_PAUSE_NANOS;
        }
    }
}
