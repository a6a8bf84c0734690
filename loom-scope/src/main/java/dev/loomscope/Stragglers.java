package dev.loomscope;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches what goes on although it was cancelled: after a grace period it is interrupted again and named in a warning with its stack,
 * then ever more rarely, until it ends.
 */
final class Stragglers {

    private static final Logger log = LoggerFactory.getLogger(Stragglers.class);
    private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);
    private static final int MAX_NAMED = 10;
    private static final int MAX_FRAMES = 20;

    private final String scope;
    private final Duration grace;
    private final Subtasks subtasks;
    private final ScopeClock clock;
    private final AtomicBoolean watching = new AtomicBoolean();

    Stragglers(String scope, Duration grace, Subtasks subtasks, ScopeClock clock) {
        this.clock = clock;
        this.scope = scope;
        this.grace = grace;
        this.subtasks = subtasks;
    }

    /** Something that runs was cancelled. */
    void watch() {
        if (watching.compareAndSet(false, true)) {
            lookAfter(grace);
        }
    }

    private void lookAfter(Duration pause) {
        clock.schedule(pause.toNanos(), () -> look(pause));
    }

    private void look(Duration pause) {
        List<ScopedSubtask<?>> late = stragglers()
                .filter(subtask -> subtask.nanosSinceCancel() >= grace.toNanos())
                .toList();
        late.stream().limit(MAX_NAMED).forEach(this::warn);
        if (late.size() > MAX_NAMED) {
            log.warn("scope '{}': {} further subtasks go on after their cancel", scope, late.size() - MAX_NAMED);
        }
        late.forEach(ScopedSubtask::interruptAgain);
        if (!late.isEmpty()) {
            Duration longer = pause.multipliedBy(2);
            lookAfter(longer.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : longer);
            return;
        }
        watching.set(false);
        if (stragglers().findAny().isPresent()) {
            watch(); // cancelled just now, and told that somebody watches
        }
    }

    private Stream<ScopedSubtask<?>> stragglers() {
        return subtasks.live().filter(ScopedSubtask::runsOnAfterCancel);
    }

    private void warn(ScopedSubtask<?> subtask) {
        Thread thread = subtask.codeThread();
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
