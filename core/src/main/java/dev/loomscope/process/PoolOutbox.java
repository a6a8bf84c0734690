package dev.loomscope.process;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a pool has to say to one of its workers, in this order. Whoever sends takes with it what others have put in, and nobody waits:
 * when the worker reads more slowly, the thread that reads from it sends the rest.
 */
final class PoolOutbox {

    private static final int MOST_AT_A_TIME = 16; // frames, 4 MiB: whoever sends has other things to do

    private final FrameChannel channel;
    private final Consumer<Throwable> onFailure;
    private final Queue<Message> messages = new ConcurrentLinkedQueue<>();
    private final AtomicInteger visits = new AtomicInteger(); // of those who came to send; 0 when nobody does
    private final AtomicLong sentOfTasks = new AtomicLong(); // frames

    // Of the message that is being sent; whoever sends. Each frame is good until the next one is asked for.
    private Iterator<Frame> frames = Collections.emptyIterator();
    private @Nullable PoolJob<?> task;
    private boolean cut; // there is a rest of its last frame

    private @Nullable ParentWorld world; // of the other side, once it has what was sent; whoever sends

    private sealed interface Message {

        record Task(PoolJob<?> job) implements Message {}

        record Control(Frame frame) implements Message {}
    }

    /** Sends over {@code channel}; tells {@code onFailure} what has nothing to do with the other side, after which it sends no more. */
    PoolOutbox(FrameChannel channel, Consumer<Throwable> onFailure) {
        this(channel, onFailure, null);
    }

    /** As above, to a worker that was started with these settings; null for not known. */
    PoolOutbox(FrameChannel channel, Consumer<Throwable> onFailure, @Nullable ParentWorld world) {
        this.channel = channel;
        this.onFailure = onFailure;
        this.world = world;
    }

    /** Puts in a task. */
    void add(PoolJob<?> job) {
        messages.add(new Message.Task(job));
    }

    /** Puts in a frame that is no task. */
    void add(Frame frame) {
        messages.add(new Message.Control(frame));
    }

    /** How many frames of tasks the other side has taken. */
    long sentOfTasks() {
        return sentOfTasks.get();
    }

    /** Sends what is there, unless somebody does it already, who sends this too. Any thread. */
    void send() {
        if (visits.getAndIncrement() == 0) {
            sendAll();
        }
    }

    // The visits stay where they are while the rest has to wait, and for ever if it cannot be sent.
    private void sendAll() {
        try {
            int seen;
            do {
                seen = visits.get();
                if (!sendMessages()) {
                    channel.whenWritable(this::sendAll);
                    return;
                }
            } while (visits.addAndGet(-seen) != 0);
        } catch (IOException e) {
            // the reader finds out why
        } catch (RuntimeException | Error e) {
            fail(e);
        }
    }

    private void fail(Throwable reason) {
        try {
            onFailure.accept(reason);
        } catch (OutOfMemoryError e) {
            // a worker that does not get its task is seen to stand still
        }
    }

    // Returns false if there is more to send, later.
    private boolean sendMessages() throws IOException {
        if (cut && !sent(channel.goOn())) {
            return false;
        }
        int left = MOST_AT_A_TIME;
        while (true) {
            while (frames.hasNext()) {
                if (left-- == 0 || !sendNextFrame()) {
                    return false;
                }
            }
            close();
            Message message = messages.poll();
            if (message == null) {
                return true;
            }
            open(message);
        }
    }

    // A task must not take memory for as long as its worker is idle.
    private void close() {
        frames = Collections.emptyIterator();
        task = null;
    }

    private void open(Message message) {
        switch (message) {
            case Message.Task(PoolJob<?> job) -> {
                task = job;
                frames = toFrames(job).iterator();
            }
            case Message.Control(Frame frame) -> frames = List.of(frame).iterator();
        }
    }

    // Most tasks were forked with the settings that the worker has.
    private List<Frame> toFrames(PoolJob<?> job) {
        ParentWorld wanted = job.world();
        if (wanted == null || wanted == world || wanted.equals(world)) {
            return job.toFrames();
        }
        world = wanted;
        List<Frame> all = new ArrayList<>(wanted.toFrames());
        all.addAll(job.toFrames());
        return all;
    }

    // A task that is cancelled on its way is not sent to its end:
    // the worker drops what it has when it reads the cancel. The settings before it are for others, too.
    private boolean sendNextFrame() throws IOException {
        Frame frame = frames.next();
        PoolJob<?> sending = frame.type() == Frame.Type.TASK ? task : null;
        if (sending != null && sending.cancelReason() != null && frame.more()) {
            frames = Collections.emptyIterator();
            return true;
        }
        return sent(channel.tryWrite(frame));
    }

    private boolean sent(boolean whole) {
        cut = !whole;
        if (whole && task != null) {
            sentOfTasks.incrementAndGet();
        }
        return whole;
    }
}
