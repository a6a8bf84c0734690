package dev.loomscope;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Gives the subtasks of a scope their numbers, unique in this JVM, and larger than those of all that the owner has joined. The owner
 * takes its numbers in blocks, since the counter is everybody's.
 */
final class SubtaskIds {

    private static final int MAX_BLOCK = 64;
    private static final AtomicLong last = new AtomicLong();

    private long next; // owner thread only; the next number of its block
    private long end; // owner thread only; behind its block
    private int blockSize = 1; // owner thread only; of the next block: a scope of a few does not waste many

    /** Returns a new number. */
    long next(boolean forOwner) {
        if (!forOwner) {
            return last.incrementAndGet();
        }
        if (next == end) {
            end = last.addAndGet(blockSize) + 1;
            next = end - blockSize;
            blockSize = Math.min(blockSize * 2, MAX_BLOCK);
        }
        return next++;
    }

    /** Returns a number which none given so far is above, and all given later are. Owner thread only. */
    long joined() {
        next = end;
        return last.get();
    }
}
