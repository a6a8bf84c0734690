package dev.loomscope;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A point in time by which work must have ended, on the monotonic clock: changes of the wall clock do not move it.
 *
 * <p>Code takes deadlines rather than timeouts because they can be handed down unchanged.
 */
public final class Deadline implements Comparable<Deadline> {

    // Far enough for any program, near enough that differences of nanoTime values do not overflow.
    private static final Duration FARTHEST = Duration.ofDays(36_500);

    private final long nanoTime;

    private Deadline(long nanoTime) {
        this.nanoTime = nanoTime;
    }

    /**
     * Returns the deadline this long after now; more than a hundred years count as a hundred years.
     *
     * @throws IllegalArgumentException if {@code timeout} is negative
     */
    public static Deadline after(Duration timeout) {
        return after(timeout, System.nanoTime());
    }

    /** The deadline this long after a value of {@link System#nanoTime}. */
    static Deadline after(Duration timeout, long nanoTime) {
        Objects.requireNonNull(timeout, "timeout");
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("a timeout must not be negative: " + timeout);
        }
        Duration bounded = timeout.compareTo(FARTHEST) > 0 ? FARTHEST : timeout;
        return new Deadline(nanoTime + bounded.toNanos());
    }

    /** Returns the deadline at this instant of the wall clock as it stands now; one in the past has expired. */
    public static Deadline at(Instant instant) {
        Duration remaining = Duration.between(Instant.now(), instant);
        return after(remaining.isNegative() ? Duration.ZERO : remaining);
    }

    /** The deadline at a value of {@link System#nanoTime}. */
    static Deadline atNanoTime(long nanoTime) {
        return new Deadline(nanoTime);
    }

    /** How long after a value of {@link System#nanoTime} it is, in ns; negative if before. */
    long nanosAfter(long otherNanoTime) {
        return nanoTime - otherNanoTime;
    }

    /** Returns the earlier of two deadlines. */
    public static Deadline min(Deadline first, Deadline second) {
        return first.compareTo(second) <= 0 ? first : second;
    }

    /** The earlier of two, of which each may be none. */
    static @Nullable Deadline earliest(@Nullable Deadline first, @Nullable Deadline second) {
        if (first == null || second == null) {
            return first == null ? second : first;
        }
        return min(first, second);
    }

    /** The time left, zero once it has passed. */
    public Duration remaining() {
        return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
    }

    /** Whether it has passed. */
    public boolean isExpired() {
        return nanoTime - System.nanoTime() <= 0;
    }

    /** Orders by time, the earlier first. */
    @Override
    public int compareTo(Deadline other) {
        return Long.signum(nanoTime - other.nanoTime);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Deadline that && nanoTime == that.nanoTime;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(nanoTime);
    }

    @Override
    public String toString() {
        return "Deadline[in " + remaining().toMillis() + " ms]";
    }
}
