package dev.loomscope.core;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ObjDoubleConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A CPU task as its own code sees it: how much time is left, and whether it was cancelled.
 *
 * <p>Code that computes without ever blocking hears no interrupt. It looks here now and then, and leaves; otherwise it is killed
 * together with its process when the grace period is over.
 *
 * {@snippet :
 * CurrentTask task = CurrentTask.current();
 * while (task == null || !task.isCancelled()) {
 *     refine();
 * }
 * }
 *
 * <p>The handle may be passed to other threads of the same process.
 */
public final class CurrentTask {

    private static final ThreadLocal<@Nullable CurrentTask> CURRENT = new ThreadLocal<>();

    private final OptionalLong deadlineNanos;
    private final ObjDoubleConsumer<String> progress;
    private final AtomicReference<@Nullable String> cancelReason = new AtomicReference<>(); // any thread, set once

    private CurrentTask(OptionalLong deadlineNanos, ObjDoubleConsumer<String> progress) {
        this.deadlineNanos = deadlineNanos;
        this.progress = progress;
    }

    /** Returns the CPU task that the calling thread runs for a backend; null on every other thread, IO and BLOCKING too. */
    public static @Nullable CurrentTask current() {
        return CURRENT.get();
    }

    /**
     * When it must have ended, as a value of {@link System#nanoTime} in this process; empty if it may take as long as it
     * wants.
     */
    public OptionalLong deadlineNanos() {
        return deadlineNanos;
    }

    /** The time left until its deadline, zero once that has passed; empty if it has none. */
    public Optional<Duration> remaining() {
        return deadlineNanos.isEmpty()
                ? Optional.empty()
                : Optional.of(Duration.ofNanos(Math.max(0, deadlineNanos.getAsLong() - System.nanoTime())));
    }

    /** Whether it was cancelled; stays true, whatever has become of the interrupt. Any thread. */
    public boolean isCancelled() {
        return cancelReason.get() != null;
    }

    /** Why it was cancelled; empty unless it was. Any thread. */
    public Optional<String> cancelReason() {
        return Optional.ofNullable(cancelReason.get());
    }

    /**
     * Says how far the task is, to whoever listens to it. Any thread; never waits, so reports may be lost: of those that come faster
     * than they are heard, the latest counts.
     *
     * @param fraction from 0 to 1; what is outside counts as the nearer of them; NaN for not known
     * @param message what it is doing, for people; cut after some 4,000 characters
     * @throws NullPointerException if {@code message} is null
     */
    public void report(double fraction, String message) {
        Objects.requireNonNull(message, "message");
        progress.accept(message, Double.isNaN(fraction) ? fraction : Math.clamp(fraction, 0.0, 1.0));
    }

    @Override
    public String toString() {
        String time = remaining().map(left -> left.toMillis() + " ms left").orElse("no deadline");
        return "CurrentTask[%s%s]"
                .formatted(
                        time,
                        cancelReason().map(reason -> ", cancelled: " + reason).orElse(""));
    }

    /** What a backend has in hand of a task that it runs. */
    public static final class Control {

        private final CurrentTask task;

        /**
         * Makes one.
         *
         * @param deadlineNanos when the task must have ended, as a value of {@link System#nanoTime}; empty for never
         */
        public Control(OptionalLong deadlineNanos) {
            this(deadlineNanos, (message, fraction) -> {});
        }

        /**
         * Makes one whose task can say how far it is.
         *
         * @param deadlineNanos when the task must have ended, as a value of {@link System#nanoTime}; empty for never
         * @param progress hears the message and the fraction, from 0 to 1 or NaN; on any thread of the task: must not block
         */
        public Control(OptionalLong deadlineNanos, ObjDoubleConsumer<String> progress) {
            this.task = new CurrentTask(
                    Objects.requireNonNull(deadlineNanos, "deadlineNanos"),
                    Objects.requireNonNull(progress, "progress"));
        }

        /** From now on the calling thread runs the task. */
        public void enter() {
            CURRENT.set(task);
        }

        /** The calling thread runs no task any more. */
        public void leave() {
            CURRENT.remove();
        }

        /** Tells the task that it is cancelled. The first reason wins. Any thread; interrupts nobody. */
        public void cancel(String reason) {
            task.cancelReason.compareAndSet(null, Objects.requireNonNull(reason, "reason"));
        }
    }
}
