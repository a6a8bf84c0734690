package dev.loomscope;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches what goes on although it was cancelled: after a grace period it is interrupted again and named in a warning with its stack,
 * then ever more rarely, until it ends. Each has its own pauses, so that one which is deaf for long hides no other.
 */
final class Stragglers {

    private static final Logger log = LoggerFactory.getLogger(Stragglers.class);
    private static final long SHORTEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_PAUSE = TimeUnit.MINUTES.toNanos(1);
    // How long one that is cancelled meanwhile may have to wait for the next look beyond its grace period.
    private static final long LONGEST_SLEEP = TimeUnit.SECONDS.toNanos(1);
    private static final int MAX_NAMED = 10;
    private static final int MAX_FRAMES = 20;

    private final String scope;
    private final Duration grace;
    private final Subtasks subtasks;
    private final ScopeClock clock;
    private final AtomicBoolean watching = new AtomicBoolean();
    private final Map<ScopedSubtask<?>, Reminder> reminders = new HashMap<>(); // by looks only; one follows the other
    private volatile @Nullable Future<?> nextLook; // whoever plans it
    private volatile boolean stopped; // owner thread; never goes back to false

    /** When a straggler is interrupted again, in ns after its cancel, and how long after that once more. */
    private record Reminder(long dueNanos, long pauseNanos) {

        Reminder next(long now) {
            return new Reminder(now + pauseNanos, Math.min(2 * pauseNanos, LONGEST_PAUSE));
        }
    }

    Stragglers(String scope, Duration grace, Subtasks subtasks, ScopeClock clock) {
        this.clock = clock;
        this.scope = scope;
        this.grace = grace;
        this.subtasks = subtasks;
    }

    /** Something that runs was cancelled. */
    void watch() {
        if (!stopped && watching.compareAndSet(false, true)) {
            try {
                lookAfter(grace);
            } catch (OutOfMemoryError e) { // no thread for the clock: nobody is watched, but the cancel goes on
                watching.set(false);
                log.warn("scope '{}': what goes on after its cancel is not watched", scope, e);
            }
        }
    }

    /** The scope is closed: nothing runs any more. */
    void stop() {
        stopped = true;
        Future<?> planned = nextLook;
        if (planned != null) {
            planned.cancel(false);
        }
    }

    private void lookAfter(Duration pause) {
        nextLook = clock.schedule(pause.toNanos(), this::look);
    }

    private void look() {
        List<ScopedSubtask<?>> all = stragglers().toList();
        reminders.keySet().retainAll(all);
        List<ScopedSubtask<?>> late = all.stream().filter(this::isDue).toList();
        late.stream().limit(MAX_NAMED).forEach(this::warn);
        if (late.size() > MAX_NAMED) {
            log.warn("scope '{}': {} further subtasks go on after their cancel", scope, late.size() - MAX_NAMED);
        }
        for (ScopedSubtask<?> subtask : late) {
            interruptAgain(subtask);
            reminders.put(subtask, reminderOf(subtask).next(subtask.nanosSinceCancel()));
        }
        if (!all.isEmpty()) {
            lookAfter(Duration.ofNanos(
                    all.stream().mapToLong(this::nanosToNext).min().orElseThrow()));
            return;
        }
        watching.set(false);
        if (stragglers().findAny().isPresent()) {
            watch(); // cancelled just now, and told that somebody watches
        }
    }

    // A channel that an interrupt closes, say, may throw: the others are still watched.
    private void interruptAgain(ScopedSubtask<?> subtask) {
        try {
            subtask.interruptAgain();
        } catch (RuntimeException | Error e) {
            SafeText.warn(log, "%s could not be interrupted again".formatted(subtask.describe()), e);
        }
    }

    private Reminder reminderOf(ScopedSubtask<?> subtask) {
        Reminder present = reminders.get(subtask);
        return present != null ? present : new Reminder(grace.toNanos(), 2 * Math.max(grace.toNanos(), SHORTEST_PAUSE));
    }

    private boolean isDue(ScopedSubtask<?> subtask) {
        return subtask.nanosSinceCancel() >= reminderOf(subtask).dueNanos();
    }

    private long nanosToNext(ScopedSubtask<?> subtask) {
        long left = reminderOf(subtask).dueNanos() - subtask.nanosSinceCancel();
        return Math.clamp(left, SHORTEST_PAUSE, Math.max(grace.toNanos(), LONGEST_SLEEP));
    }

    private Stream<ScopedSubtask<?>> stragglers() {
        return subtasks.live().filter(ScopedSubtask::runsOnAfterCancel);
    }

    private void warn(ScopedSubtask<?> subtask) {
        Thread thread = subtask.thread();
        String stack = thread == null
                ? " (it has no thread here)"
                : Arrays.stream(thread.getStackTrace())
                        .limit(MAX_FRAMES)
                        .map(frame -> "\n\tat " + frame)
                        .collect(Collectors.joining());
        log.warn(
                "scope '{}': {} goes on {} ms after its cancel ({}); it should end when it is interrupted, or look at"
                        + " MixedScope.checkCancelled(){}",
                scope,
                subtask.describe(),
                subtask.nanosSinceCancel() / 1_000_000,
                subtask.cancelled(),
                stack);
    }
}
