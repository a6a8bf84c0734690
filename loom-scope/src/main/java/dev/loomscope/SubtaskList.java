package dev.loomscope;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Subtasks in the order in which they were added, as a list of segments, each an array of slots. A subtask takes the next slot and
 * knows it, so that adding one is an atomic step, and removing one a plain store, without a lock or an allocation. Thread-safe.
 *
 * <p>Nobody removes a subtask just because it has ended: that would be a write beside the slot that the forking core writes next.
 * Whoever needs a new segment sweeps now and then, when as many segments are new as were left the last time.
 */
final class SubtaskList {

    private static final int FIRST_SIZE = 16;
    private static final int MAX_SIZE = 1_024;

    /** In a slot whose subtask was removed. */
    private static final Object GONE = new Object();

    private final boolean oneThreadAdds;
    private final Predicate<ScopedSubtask<?>> isOver;
    private final ReentrantLock sweeping = new ReentrantLock();
    // Under 'sweeping', or by the owner when nothing is live.
    private volatile Segment head = new Segment(0, FIRST_SIZE);
    private volatile Segment tail = head; // any thread; moves on only, but for the owner when nothing is live

    private int newSegments; // under 'sweeping'; since the last sweep
    private int oldSegments = 1; // under 'sweeping'; those that the last sweep has left

    /**
     * Makes an empty list to which only one thread adds, or any: for one alone it costs no atomic step.
     *
     * @param isOver whether a sweep is to remove a subtask
     */
    SubtaskList(boolean oneThreadAdds, Predicate<ScopedSubtask<?>> isOver) {
        this.oneThreadAdds = oneThreadAdds;
        this.isOver = isOver;
    }

    /** Slots for subtasks; those below {@code taken} are or were in use. */
    static final class Segment {
        private final int first; // the number of its first slot, since the last reset
        private final AtomicReferenceArray<@Nullable Object> slots; // null, then a subtask, then perhaps GONE
        private final AtomicInteger taken = new AtomicInteger();
        private final AtomicReference<@Nullable Segment> next = new AtomicReference<>();

        private Segment(int first, int size) {
            this.first = first;
            this.slots = new AtomicReferenceArray<>(size);
        }

        /** The number of a slot: how many were added before it since the last reset, up to 2^31. */
        int numberOf(int slot) {
            return first + slot;
        }

        /** What is in a slot; null if it was removed, or is only about to be there. */
        @Nullable
        ScopedSubtask<?> get(int slot) {
            return slots.get(slot) instanceof ScopedSubtask<?> subtask ? subtask : null;
        }

        // Removes those that are over; returns whether all slots were used and are of no use any more.
        private boolean sweep(Predicate<ScopedSubtask<?>> isOver) {
            boolean allGone = true;
            for (int slot = 0; slot < slots.length(); slot++) {
                ScopedSubtask<?> subtask = get(slot);
                if (subtask != null && isOver.test(subtask)) {
                    remove(subtask);
                }
                allGone &= slots.get(slot) == GONE;
            }
            return allGone;
        }

        // Whoever has the handle of one subtask keeps no other alive by it.
        private void clear() {
            for (int slot = 0; slot < slots.length(); slot++) {
                slots.setPlain(slot, null);
            }
            next.set(null);
        }

        private Segment nextOrNew() {
            Segment present = next.get();
            if (present != null) {
                return present;
            }
            int size = slots.length();
            int following =
                    Math.min(first, Integer.MAX_VALUE - 2 * MAX_SIZE) + size; // near 2^31 the number stands still
            next.compareAndSet(null, new Segment(following, Math.min(size * 2, MAX_SIZE)));
            return nextOrNew();
        }
    }

    /**
     * Adds one. Whoever looks after a later volatile write of the calling thread finds it.
     */
    void add(ScopedSubtask<?> subtask) {
        while (true) {
            Segment last = tail;
            int slot = takeSlot(last);
            if (slot >= 0 && slot < last.slots.length()) {
                subtask.isAt(last, slot);
                last.slots.setRelease(slot, subtask);
                return;
            }
            last.taken.set(last.slots.length()); // so that it never overflows
            tail = last.nextOrNew();
            sweepIfDue();
        }
    }

    private int takeSlot(Segment last) {
        if (!oneThreadAdds) {
            return last.taken.getAndIncrement();
        }
        int slot = last.taken.getPlain();
        last.taken.setRelease(slot + 1);
        return slot;
    }

    /** Removes one from the list that it is in; no effect if it is in none any more. */
    static void remove(ScopedSubtask<?> subtask) {
        Segment segment = subtask.segment();
        if (segment != null) {
            segment.slots.setRelease(subtask.slot(), GONE);
            subtask.isNowhere();
        }
    }

    // If somebody else sweeps, the next sweep finds what this one would.
    private void sweepIfDue() {
        if (!sweeping.tryLock()) {
            return;
        }
        try {
            newSegments++;
            if (newSegments >= oldSegments) {
                sweep();
            }
        } finally {
            sweeping.unlock();
        }
    }

    // The last one stays: others may be about to add to it.
    private void sweep() {
        int left = 1;
        @Nullable Segment before = null;
        Segment each = head;
        for (Segment after = each.next.get(); after != null; after = each.next.get()) {
            if (!each.sweep(isOver)) {
                before = each;
                left++;
            } else if (before == null) {
                head = after;
            } else {
                before.next.set(after);
            }
            each = after;
        }
        newSegments = 0;
        oldSegments = left;
    }

    /** Begins anew. Owner thread only, when all subtasks have ended. */
    void reset() {
        sweeping.lock();
        try {
            Segment old = head;
            Segment fresh = new Segment(0, FIRST_SIZE);
            head = fresh;
            tail = fresh;
            newSegments = 0;
            oldSegments = 1;
            for (Segment each = old; each != null; ) {
                Segment after = each.next.get();
                each.clear();
                each = after;
            }
        } finally {
            sweeping.unlock();
        }
    }

    /** Calls {@code action} with each. */
    void forEach(Consumer<? super ScopedSubtask<?>> action) {
        for (Segment segment = head; segment != null; segment = segment.next.get()) {
            int used = Math.min(segment.taken.get(), segment.slots.length());
            for (int slot = 0; slot < used; slot++) {
                ScopedSubtask<?> subtask = segment.get(slot);
                if (subtask != null) {
                    action.accept(subtask);
                }
            }
        }
    }
}
