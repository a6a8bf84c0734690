package dev.loomscope.process;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A delay that passes only while this JVM runs. When this JVM was stopped, or in a long garbage collection, what workers have said
 * meanwhile has not been read: a limit on them that was over at once would blame them for it.
 *
 * <p>It is made of short pauses. One that took much longer than it should shows a standstill and does not count, within reason.
 */
final class PatientDelay {

    private static final int PAUSES = 4;
    private static final int MAX_REPEATED = PAUSES; // or a machine that is always late would put it off for ever
    private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final long MAX_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LATE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final long pause;
    private final BooleanSupplier needed;
    private final Runnable action;
    private long left; // timer thread only, after the constructor
    private long due; // nanoTime; timer thread only, after the constructor
    private int repeated; // timer thread only
    private volatile boolean cancelled;

    private PatientDelay(Duration delay, BooleanSupplier needed, Runnable action) {
        this.left = PoolTimer.nanos(delay);
        this.pause = Math.clamp(left / PAUSES, MIN_PAUSE_NANOS, MAX_PAUSE_NANOS);
        this.needed = needed;
        this.action = action;
    }

    /** Runs an action after this delay; at once, if it is zero. */
    static PatientDelay schedule(Duration delay, Runnable action) {
        return schedule(delay, () -> true, action);
    }

    /**
     * The same, but ends within a second when the action is not needed any more: a long delay would hold what the action holds.
     *
     * @param needed quick; timer thread
     */
    static PatientDelay schedule(Duration delay, BooleanSupplier needed, Runnable action) {
        PatientDelay scheduled = new PatientDelay(delay, needed, action);
        scheduled.next();
        return scheduled;
    }

    /** Does not run it, unless it has begun. */
    void cancel() {
        cancelled = true;
    }

    private void next() {
        long now = Math.min(left, pause);
        due = System.nanoTime() + now;
        PoolTimer.schedule(Duration.ofNanos(now), () -> pass(now));
    }

    // Without memory for it: too early is better than never.
    private boolean hasNext() {
        try {
            next();
            return true;
        } catch (OutOfMemoryError e) {
            return false;
        }
    }

    private void pass(long nanos) {
        if (cancelled || !needed.getAsBoolean()) {
            return;
        }
        boolean late = nanos > 0 && System.nanoTime() - due > LATE_NANOS;
        if (late && repeated < MAX_REPEATED) {
            repeated++;
        } else {
            left -= nanos;
        }
        if (left <= 0 || !hasNext()) {
            action.run();
        }
    }
}
