package dev.loomscope;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Subtasks in the order in which they were added, as a list of segments, each an array of slots. A subtask takes the next slot and
 * knows it, so that adding one is an atomic step, and removing one a plain store, without a lock or an allocation. Whoever needs a
 * new segment unlinks those whose subtasks are all gone. Thread-safe.
 */
final class SubtaskList {

    private static final int FIRST_SIZE = 16;
    private static final int MAX_SIZE = 1_024;

    /** In a slot whose subtask was removed. */
    private static final Object GONE = new Object();

    private final boolean oneThreadAdds;
    private final ReentrantLock sweeping = new ReentrantLock();
    // Under 'sweeping', or by the owner when nothing is live.
    private volatile Segment head = new Segment(0, FIRST_SIZE);
    private volatile Segment tail = head; // any thread; moves on only, but for the owner when nothing is live

    /** Makes an empty list to which only one thread adds, or any: for one alone it costs no atomic step. */
    SubtaskList(boolean oneThreadAdds) {
        this.oneThreadAdds = oneThreadAdds;
    }

    /** Slots for subtasks; those below {@code taken} are or were in use. */
    static final class Segment {
        private final int first; // the number of its first slot, since the last reset
        private final AtomicReferenceArray<@Nullable Object> slots; // null, then a subtask, then perhaps GONE
        private final AtomicInteger taken = new AtomicInteger();
        private final AtomicReference<@Nullable Segment> next = new AtomicReference<>();
        private int goneBefore; // under 'sweeping'; all slots before this one are GONE

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

        // Under 'sweeping'.
        private boolean isUsedUp() {
            while (goneBefore < slots.length() && slots.get(goneBefore) == GONE) {
                goneBefore++;
            }
            return goneBefore == slots.length();
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
            unlinkUsedUp();
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

    /** Begins anew. Owner thread only, when all subtasks have ended. */
    void reset() {
        sweeping.lock();
        try {
            Segment fresh = new Segment(0, FIRST_SIZE);
            head = fresh;
            tail = fresh;
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
