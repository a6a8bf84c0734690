package dev.loomscope;

import java.time.Duration;
import java.util.PriorityQueue;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantLock;

/** A clock that stands still until a test moves it; what is due runs in {@link #advance}, on the thread that calls it. */
final class FakeClock implements ScopeClock {

    private final ReentrantLock lock = new ReentrantLock();
    private final PriorityQueue<Alarm> alarms = new PriorityQueue<>(); // guarded by lock
    private long now = System.nanoTime(); // guarded by lock
    private long alarmsSet; // guarded by lock

    private record Alarm(long at, long number, FutureTask<?> action) implements Comparable<Alarm> {
        @Override
        public int compareTo(Alarm other) {
            return at == other.at ? Long.compare(number, other.number) : Long.compare(at - other.at, 0);
        }
    }

    @Override
    public long nanoTime() {
        lock.lock();
        try {
            return now;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Future<?> schedule(long nanos, Runnable action) {
        FutureTask<?> task = new FutureTask<>(action, null);
        lock.lock();
        try {
            alarms.add(new Alarm(now + nanos, alarmsSet++, task));
        } finally {
            lock.unlock();
        }
        return task;
    }

    /** Moves on by this, and runs what becomes due on the way, in order, at its time. */
    void advance(Duration duration) {
        long end = nanoTime() + duration.toNanos();
        for (Alarm next = nextUntil(end); next != null; next = nextUntil(end)) {
            next.action().run();
        }
    }

    /** How many alarms are set that were not cancelled. */
    long alarms() {
        lock.lock();
        try {
            return alarms.stream()
                    .filter(alarm -> !alarm.action().isCancelled())
                    .count();
        } finally {
            lock.unlock();
        }
    }

    private Alarm nextUntil(long end) {
        lock.lock();
        try {
            Alarm next = alarms.peek();
            if (next == null || next.at() - end > 0) {
                now = end;
                return null;
            }
            now = next.at();
            return alarms.poll();
        } finally {
            lock.unlock();
        }
    }
}
