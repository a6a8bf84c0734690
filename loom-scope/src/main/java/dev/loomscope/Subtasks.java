package dev.loomscope;

import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The subtasks of a scope: those that have not ended, and those that have while nobody has looked yet, for {@link
 * MixedScope#completions}. Of the latter only so many are kept that a scope which lives for long does not grow. Thread-safe.
 */
final class Subtasks {

    /** How many that have ended unseen are kept. */
    static final int MAX_UNSEEN = 10_000;

    private final Set<ScopedSubtask<?>> all = ConcurrentHashMap.newKeySet();
    private final AtomicInteger unseen = new AtomicInteger();
    private volatile boolean dropped; // any thread; back to false with a join

    /** Takes one in that has not ended. */
    void add(ScopedSubtask<?> subtask) {
        all.add(subtask);
    }

    /** One has ended. */
    void ended(ScopedSubtask<?> subtask) {
        if (!subtask.isDaemon() && unseen.get() < MAX_UNSEEN) {
            unseen.incrementAndGet();
            return;
        }
        dropped |= !subtask.isDaemon();
        if (!all.remove(subtask)) {
            unseen.incrementAndGet(); // somebody has looked in between, and counted it out
        }
    }

    /** Somebody has looked at one, which may have ended. */
    void seen(ScopedSubtask<?> subtask) {
        if (subtask.state() != Subtask.State.UNAVAILABLE && all.remove(subtask)) {
            unseen.decrementAndGet();
        }
    }

    /** The owner has joined: those that have ended are of the past. */
    void joined() {
        dropped = false;
        if (unseen.get() > 0) {
            forEach(this::seen);
        }
    }

    /** Those that have ended unseen, in the order in which they did. */
    List<ScopedSubtask<?>> unseen() {
        return all.stream()
                .filter(subtask -> subtask.state() != Subtask.State.UNAVAILABLE)
                .sorted(Comparator.comparingLong(ScopedSubtask::endedNanos))
                .toList();
    }

    /** Whether some that ended unseen had to be forgotten since the last join. */
    boolean hasForgotten() {
        return dropped;
    }

    /** Those that have not ended. */
    Stream<ScopedSubtask<?>> live() {
        return all.stream().filter(subtask -> !subtask.hasEnded());
    }

    /** Those that a join waits for, as they are at any time; also some that have ended. */
    Collection<ScopedSubtask<?>> withoutDaemons() {
        return new AbstractCollection<>() {
            @Override
            public Iterator<ScopedSubtask<?>> iterator() {
                return all.stream().filter(subtask -> !subtask.isDaemon()).iterator();
            }

            @Override
            public boolean contains(Object subtask) {
                return all.contains(subtask);
            }

            @Override
            public int size() {
                return all.size();
            }
        };
    }

    /** Calls {@code action} with each, also with some that have ended. */
    void forEach(Consumer<ScopedSubtask<?>> action) {
        all.forEach(action);
    }
}
