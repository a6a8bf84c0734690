package dev.loomscope;

import java.time.Duration;

/**
 * How many items go into one subtask: so many that the way to a worker and back, some 0.1 ms, does not matter, and so few that
 * the last ones do not keep everybody waiting. Not thread-safe.
 */
final class ChunkSize {

    private static final double TARGET_NANOS = Duration.ofMillis(20).toNanos();
    private static final int MAX_GROWTH = 8;
    private static final int MAX = 100_000;

    private final boolean adapts;
    private int size = 1;

    private ChunkSize(boolean adapts) {
        this.adapts = adapts;
    }

    /** One item each. */
    static ChunkSize one() {
        return new ChunkSize(false);
    }

    /** As the time says that they take. */
    static ChunkSize adaptive() {
        return new ChunkSize(true);
    }

    int next() {
        return size;
    }

    /** A subtask with so many items has ended. */
    void took(int items, Subtask<?> subtask) {
        if (!adapts || items < size) {
            return; // the size was changed since, or the source has run dry
        }
        long nanos = subtask.startedAt()
                .flatMap(start -> subtask.endedAt().map(end -> Duration.between(start, end)))
                .orElse(Duration.ZERO)
                .toNanos();
        double wanted = items * (TARGET_NANOS / Math.max(nanos, 1));
        size = (int) Math.clamp(wanted, 1, Math.min((double) size * MAX_GROWTH, MAX));
    }
}
