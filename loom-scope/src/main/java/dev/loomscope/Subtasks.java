package dev.loomscope;

import dev.loomscope.Subtask.State;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The subtasks of a scope: those that have not ended, and those that have while nobody has looked yet, for {@link
 * MixedScope#completions}. Of the latter only the first since the last join are kept, so that a scope which lives for long does not
 * grow. Thread-safe.
 *
 * <p>A list of segments, each an array of slots. A subtask takes the next slot and knows it, so that adding and removing one is an
 * atomic step or two, without a lock or an allocation; a segment whose slots were all used and are empty again is unlinked.
 */
final class Subtasks {

    /** How many of those that have ended unseen are kept: the first that were forked. */
    static final int MAX_UNSEEN = 10_000;

    private static final int FIRST_SIZE = 16;
    private static final int MAX_SIZE = 1_024;

    private final ReentrantLock sweeping = new ReentrantLock();
    private volatile Segment head =
            new Segment(0, FIRST_SIZE); // under 'sweeping', or by the owner when nothing is live
    private volatile Segment tail = head; // any thread; moves on only, but for the owner when nothing is live
    private volatile boolean dropped; // any thread; back to false with a join

    /** Slots for subtasks; those below {@code taken} are or were in use. */
    static final class Segment {
        private final int first; // the number of its first slot, since the last join
        private final AtomicReferenceArray<@Nullable ScopedSubtask<?>> slots;
        private final AtomicInteger taken = new AtomicInteger();
        private final AtomicInteger emptied = new AtomicInteger();
        private final AtomicReference<@Nullable Segment> next = new AtomicReference<>();

        Segment(int first, int size) {
            this.first = first;
            this.slots = new AtomicReferenceArray<>(size);
        }

        private boolean isUsedUp() {
            return emptied.get() == slots.length();
        }

        private Segment nextOrNew() {
            Segment present = next.get();
            if (present != null) {
                return present;
            }
            int size = slots.length();
            // from 2^31 on the number stands still: what counts is whether it is below MAX_UNSEEN
            int following = Math.min(first, Integer.MAX_VALUE - size) + size;
            next.compareAndSet(null, new Segment(following, Math.min(size * 2, MAX_SIZE)));
            return nextOrNew();
        }
    }

    /** Takes one in that has not ended. */
    void add(ScopedSubtask<?> subtask) {
        while (true) {
            Segment last = tail;
            int slot = last.taken.getAndIncrement();
            if (slot >= 0 && slot < last.slots.length()) {
                subtask.isAt(last, slot);
                last.slots.set(slot, subtask);
                return;
            }
            last.taken.set(last.slots.length()); // so that it never overflows
            tail = last.nextOrNew();
        }
    }

    /** One has ended. */
    void ended(ScopedSubtask<?> subtask) {
        if (subtask.isDaemon()) {
            remove(subtask);
            return;
        }
        Segment segment = subtask.segment();
        if (segment != null && segment.first + subtask.slot() >= MAX_UNSEEN) {
            remove(subtask);
            if (!dropped) {
                dropped = true;
            }
        }
    }

    /** Somebody has looked at one, which may have ended. */
    void seen(ScopedSubtask<?> subtask) {
        if (subtask.state() != State.UNAVAILABLE) {
            remove(subtask);
        }
    }

    private void remove(ScopedSubtask<?> subtask) {
        Segment segment = subtask.segment();
        if (segment == null || !segment.slots.compareAndSet(subtask.slot(), subtask, null)) {
            return;
        }
        subtask.isNowhere();
        if (segment.emptied.incrementAndGet() == segment.slots.length()) {
            unlinkUsedUp();
        }
    }

    // The last one stays: others may be about to add to it. If somebody else sweeps, the next sweep finds what this one
    // would.
    private void unlinkUsedUp() {
        if (!sweeping.tryLock()) {
            return;
        }
        try {
            for (Segment next = head.next.get(); head.isUsedUp() && next != null; next = head.next.get()) {
                head = next;
            }
            Segment before = head;
            for (Segment each = before.next.get(); each != null; each = each.next.get()) {
                Segment after = each.next.get();
                if (each.isUsedUp() && after != null) {
                    before.next.set(after);
                } else {
                    before = each;
                }
            }
        } finally {
            sweeping.unlock();
        }
    }

    /** The owner has joined: all have ended, and are of the past. Owner thread only. */
    void joined() {
        sweeping.lock();
        try {
            Segment fresh = new Segment(0, FIRST_SIZE);
            head = fresh;
            tail = fresh;
            dropped = false;
        } finally {
            sweeping.unlock();
        }
    }

    /** Those that have ended unseen, in the order in which they did. */
    List<ScopedSubtask<?>> unseen() {
        return each().filter(subtask -> subtask.state() != State.UNAVAILABLE)
                .sorted(Comparator.comparingLong(ScopedSubtask::endedNanos))
                .toList();
    }

    /** Whether some that ended unseen had to be forgotten since the last join. */
    boolean hasForgotten() {
        return dropped;
    }

    /** Those that have not ended. */
    Stream<ScopedSubtask<?>> live() {
        return each().filter(subtask -> !subtask.hasEnded());
    }

    /** Those that a join waits for, as they are at any time; also some that have ended. */
    Collection<ScopedSubtask<?>> withoutDaemons() {
        return new AbstractCollection<>() {
            @Override
            public Iterator<ScopedSubtask<?>> iterator() {
                return each().filter(subtask -> !subtask.isDaemon()).iterator();
            }

            @Override
            public boolean contains(@Nullable Object object) {
                if (!(object instanceof ScopedSubtask<?> subtask)) {
                    return false;
                }
                Segment segment = subtask.segment();
                return segment != null && segment.slots.get(subtask.slot()) == subtask;
            }

            @Override
            public int size() {
                return Math.toIntExact(
                        each().filter(subtask -> !subtask.isDaemon()).count());
            }
        };
    }

    /** Calls {@code action} with each, also with some that have ended. */
    void forEach(Consumer<ScopedSubtask<?>> action) {
        for (Segment segment = head; segment != null; segment = segment.next.get()) {
            int used = Math.min(segment.taken.get(), segment.slots.length());
            for (int slot = 0; slot < used; slot++) {
                ScopedSubtask<?> subtask = segment.slots.get(slot);
                if (subtask != null) {
                    action.accept(subtask);
                }
            }
        }
    }

    private Stream<ScopedSubtask<?>> each() {
        Stream.Builder<ScopedSubtask<?>> all = Stream.builder();
        forEach(all);
        return all.build();
    }
}
