package dev.loomscope;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets so many run at once; the others wait in line, first come, first served.
 *
 * <p>A limiter has no owner and is not closed. Share one between all that use the same scarce thing, a database or a
 * host: scopes, their subtasks, and code of yours in {@link #call}. Nobody in line is overtaken, whichever scope they
 * come from, also not while the limiter is {@linkplain #resize resized}.
 *
 * <p>Who waits while holding a permit, and in the end for somebody who needs one of the same limiter, may wait forever.
 * Where all the waits are ours, such a cycle is found and thrown as {@link LimiterDeadlockException}.
 *
 * <p>Thread-safe. What happened before a permit was given back happened before whatever its next holder does.
 */
public final class Limiter {

    private static final AtomicLong numbers = new AtomicLong();
    private static final AtomicLong waitingAnywhere = new AtomicLong();

    private static final int SMALL_LINE = 1_000;

    private final String name;
    private final LongSupplier nanoClock;
    private final LimiterCalls calls = new LimiterCalls(this);

    private final ReentrantLock lock = new ReentrantLock();
    private final SequencedMap<Waiter, Place> holders = new LinkedHashMap<>(); // guarded by lock
    private SequencedMap<Waiter, Place> line = new LinkedHashMap<>(); // guarded by lock; empty while a permit is free
    private int longestLine; // guarded by lock; of this map
    private int permits; // guarded by lock
    private long resizes; // guarded by lock
    private long granted; // guarded by lock
    private long cancelledWhileWaiting; // guarded by lock
    private long longestWaitNanos; // guarded by lock
    private long totalWaitNanos; // guarded by lock

    Limiter(String name, int permits, LongSupplier nanoClock) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("the name of a limiter must not be blank");
        }
        this.name = name;
        this.permits = requirePermits(name, permits);
        this.nanoClock = nanoClock;
    }

    /**
     * Makes a limiter whose name is made from a number.
     *
     * @throws IllegalArgumentException if {@code permits} is below 1
     */
    public static Limiter of(int permits) {
        return of("limiter-" + numbers.incrementAndGet(), permits);
    }

    /**
     * Makes a limiter.
     *
     * @param name what messages and statistics call it
     * @param permits how many may run at once
     * @throws IllegalArgumentException if {@code name} is blank or {@code permits} below 1
     */
    public static Limiter of(String name, int permits) {
        return new Limiter(Objects.requireNonNull(name, "name"), permits, System::nanoTime);
    }

    /** What messages and statistics call it. */
    public String name() {
        return name;
    }

    /** How many may run at once, as of now. */
    public int permits() {
        lock.lock();
        try {
            return permits;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Changes how many may run at once, from now on. If there are more permits, those first in line start before this
     * returns. If there are fewer, nothing is taken away from who runs: the next in line start when enough have ended.
     *
     * @throws IllegalArgumentException if {@code newPermits} is below 1
     */
    public void resize(int newPermits) {
        requirePermits(name, newPermits);
        List<Place> next;
        lock.lock();
        try {
            permits = newPermits;
            resizes++;
            next = admitNext();
        } finally {
            lock.unlock();
        }
        next.forEach(place -> place.waiter.granted(null));
    }

    /**
     * Waits for a permit, runs {@code task} in the calling thread, and gives the permit back, whatever comes of it.
     *
     * {@snippet :
     * Row row = database.call(() -> connection.query(key)); // database = Limiter.of("database", 8)
     * }
     *
     * @return what {@code task} returns; null if that does
     * @throws NullPointerException if {@code task} is null
     * @throws IllegalStateException if the thread is inside a call of this limiter already: a second permit could be
     *     the one that it waits for
     * @throws InterruptedException if the thread was interrupted before it had its permit, or by {@code task}; its flag
     *     is cleared
     * @throws LimiterDeadlockException if no permit would ever come, because the holders wait for the calling thread
     * @throws Exception what {@code task} throws
     */
    public <T extends @Nullable Object> T call(Callable<? extends T> task) throws Exception {
        Objects.requireNonNull(task, "task");
        return calls.run(task);
    }

    /** What it has done so far. */
    public LimiterStats stats() {
        lock.lock();
        try {
            return new LimiterStats(
                    name,
                    permits,
                    holders.size(),
                    line.size(),
                    granted,
                    cancelledWhileWaiting,
                    Duration.ofNanos(longestWaitNanos),
                    Duration.ofNanos(totalWaitNanos));
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        LimiterStats now = stats();
        return "Limiter[%s, %s of %s in use, %s waiting]".formatted(name, now.inUse(), now.permits(), now.waiting());
    }

    // ---------------------------------------------------------------- for those who wait

    /**
     * Somebody who wants a permit: a subtask, or a thread in {@link #call}. Known by identity, so {@code equals} is
     * that of Object. It may stand in line or hold a permit of one limiter once at a time.
     */
    interface Waiter extends WaitGraph.Node {

        /**
         * It has a permit now, and gives it back by {@link Limiter#leave}, also if it was cancelled in between. Called
         * once, by whoever gave the permit back, without any lock. Must neither block nor throw. With several permits,
         * two that follow each other in line may be told at the same time.
         *
         * @param before the thread whose end frees the permit; null if it is free already
         */
        void granted(@Nullable Thread before);

        /**
         * Whether it was cancelled and wants no permit any more; then it stays so. Called under our lock: may look at a
         * field.
         */
        boolean isGone();
    }

    /**
     * Whether anybody is in line anywhere: while nobody is, no wait can be part of a deadlock that {@link WaitGraph}
     * knows.
     */
    static boolean anyoneWaits() {
        return waitingAnywhere.get() > 0;
    }

    /**
     * Takes a permit for {@code waiter} if there is one. While somebody is in line, there is none.
     *
     * @throws IllegalStateException if it has one or is in line
     */
    boolean tryEnter(Waiter waiter) {
        lock.lock();
        try {
            ensureStranger(waiter);
            if (holders.size() >= permits) {
                return false;
            }
            hold(new Place(this, waiter, 0), 0);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a permit for {@code waiter} if there is one, or else puts it in line; one that is gone gets neither.
     *
     * @return whether it has a permit; if not, it is told when it has
     * @throws IllegalStateException if it has one or is in line
     */
    boolean enter(Waiter waiter) {
        lock.lock();
        try {
            // Who is marked as gone after this look withdraws after it, and is found in line: nobody stays there
            // forever.
            if (waiter.isGone()) {
                return false;
            }
            if (tryEnter(waiter)) {
                return true;
            }
            line.put(waiter, new Place(this, waiter, nanoClock.getAsLong()));
            longestLine = Math.max(longestLine, line.size());
            waitingAnywhere.incrementAndGet();
            return false;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Gives the permit of {@code holder} back, and tells the next in line.
     *
     * @param before the thread that is about to end, if that alone makes the permit really free; null if it is free.
     *     The next one waits for it: a thread that goes on to do other work must not be given
     * @throws IllegalStateException if it has no permit
     */
    void leave(Waiter holder, @Nullable Thread before) {
        List<Place> next;
        lock.lock();
        try {
            if (holders.remove(holder) == null) {
                throw new IllegalStateException(
                        "%s has no permit of limiter '%s' to give back".formatted(holder.describe(), name));
            }
            next = admitNext();
        } finally {
            lock.unlock();
        }
        next.forEach(place -> place.waiter.granted(before));
    }

    /**
     * Takes {@code waiter} out of the line, at the same cost wherever it stands.
     *
     * @return whether it was in line: then it is never told of a permit. If not, it was or will be told, unless it
     *     {@linkplain Waiter#isGone was gone} when it would have been its turn
     */
    boolean withdraw(Waiter waiter) {
        lock.lock();
        try {
            if (line.remove(waiter) == null) {
                return false;
            }
            cancelledWhileWaiting++;
            onLineShorter();
            return true;
        } finally {
            lock.unlock();
        }
    }

    // Under lock. Those whose turn it is now have their permits; they are told without the lock.
    private List<Place> admitNext() {
        List<Place> next = List.of();
        while (holders.size() < permits && !line.isEmpty()) {
            Place place = Objects.requireNonNull(line.pollFirstEntry()).getValue();
            onLineShorter();
            if (place.waiter.isGone()) {
                cancelledWhileWaiting++;
                continue;
            }
            hold(place, nanoClock.getAsLong() - place.sinceNanos);
            next = next.isEmpty() ? new ArrayList<>() : next;
            next.add(place);
        }
        return next;
    }

    // Under lock.
    private void hold(Place place, long waitedNanos) {
        holders.put(place.waiter, place);
        granted++;
        totalWaitNanos += waitedNanos;
        longestWaitNanos = Math.max(longestWaitNanos, waitedNanos);
    }

    // Under lock. A map keeps the table of its greatest size: a line that was long begins anew.
    private void onLineShorter() {
        waitingAnywhere.decrementAndGet();
        if (line.isEmpty() && longestLine > SMALL_LINE) {
            line = new LinkedHashMap<>();
            longestLine = 0;
        }
    }

    private void ensureStranger(Waiter waiter) {
        if (holders.containsKey(waiter) || line.containsKey(waiter)) {
            throw new IllegalStateException(
                    "%s has a permit of limiter '%s' or waits for one already".formatted(waiter.describe(), name));
        }
    }

    private static int requirePermits(String name, int permits) {
        if (permits < 1) {
            throw new IllegalArgumentException(
                    "limiter '%s' must have at least 1 permit, not %s".formatted(name, permits));
        }
        return permits;
    }

    // ---------------------------------------------------------------- what the graph of waits asks

    /**
     * A turn of one waiter, first in line, then as a holder. A new one each time: who finds it twice knows that it was
     * there in between.
     */
    static final class Place {
        final Limiter limiter;
        final Waiter waiter;
        private final long sinceNanos;

        private Place(Limiter limiter, Waiter waiter, long sinceNanos) {
            this.limiter = limiter;
            this.waiter = waiter;
            this.sinceNanos = sinceNanos;
        }
    }

    /**
     * The holders that wait themselves.
     *
     * @param permits that there were; as long as so many holders are stuck, nobody gets another one
     * @param resizes tells these permits from the same number at another time
     * @param waiting those holders; none, or not all, if enough others run for somebody to come next
     */
    record Holders(int permits, long resizes, List<Place> waiting) {}

    /** The holders that wait themselves. They are asked under our lock, so that the first that runs ends the search. */
    Holders waitingHolders() {
        lock.lock();
        try {
            List<Place> waiting = new ArrayList<>();
            int running = 0;
            for (Place place : holders.values()) {
                if (place.waiter.waitsFor() != null) {
                    waiting.add(place);
                } else if (++running > holders.size() - permits) {
                    return new Holders(permits, resizes, List.of());
                }
            }
            return new Holders(permits, resizes, waiting);
        } finally {
            lock.unlock();
        }
    }

    /** Whether the permit of this place was not given back, and nobody has resized the limiter since. */
    boolean stillHeld(long sinceResizes, Place place) {
        lock.lock();
        try {
            return resizes == sinceResizes && holders.get(place.waiter) == place;
        } finally {
            lock.unlock();
        }
    }

    /** Where {@code waiter} stands in line; null if it does not. */
    @Nullable
    Place placeInLine(Waiter waiter) {
        lock.lock();
        try {
            return line.get(waiter);
        } finally {
            lock.unlock();
        }
    }
}
