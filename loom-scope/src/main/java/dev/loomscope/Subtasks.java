package dev.loomscope;

import dev.loomscope.Subtask.State;
import java.util.AbstractCollection;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The subtasks of a scope: those that have not ended, and those that have while nobody has looked yet, for {@link
 * MixedScope#completions}. Of the latter only the first since the last join are kept, so that a scope which lives for long does not
 * grow. Thread-safe.
 *
 * <p>Those that the owner forks are kept apart: mostly these are all, and one thread needs no atomic steps.
 */
final class Subtasks {

    /** How many of those that have ended unseen are kept: the first that the owner has forked, and the first of others. */
    static final int MAX_UNSEEN = 10_000;

    private final SubtaskList ofOwner = new SubtaskList(true, this::isOver);
    private final SubtaskList ofOthers = new SubtaskList(false, this::isOver);
    private volatile boolean dropped; // any thread; back to false with a join

    /** Takes one in that has not ended. Whoever looks after a later volatile write of the calling thread finds it. */
    void add(ScopedSubtask<?> subtask, boolean byOwner) {
        (byOwner ? ofOwner : ofOthers).add(subtask);
    }

    // Whether nobody asks for it any more.
    private boolean isOver(ScopedSubtask<?> subtask) {
        if (subtask.state() == State.UNAVAILABLE) {
            return false;
        }
        boolean tooMany = isOneTooMany(subtask);
        if (tooMany) {
            dropped = true;
        }
        return tooMany || subtask.isDaemon();
    }

    private static boolean isOneTooMany(ScopedSubtask<?> subtask) {
        SubtaskList.Segment segment = subtask.segment();
        return !subtask.isDaemon() && segment != null && segment.numberOf(subtask.slot()) >= MAX_UNSEEN;
    }

    /** Somebody has looked at one, which may have ended. */
    void seen(ScopedSubtask<?> subtask) {
        if (subtask.state() != State.UNAVAILABLE) {
            SubtaskList.remove(subtask);
        }
    }

    /** The owner has joined: all have ended, and are of the past. Owner thread only. */
    void joined() {
        ofOwner.reset();
        ofOthers.reset();
        dropped = false;
    }

    /** Those that have ended unseen, in the order in which they did. */
    List<ScopedSubtask<?>> unseen() {
        return each().filter(Subtasks::endedUnseen)
                .sorted(Comparator.comparingLong(ScopedSubtask::endedNanos))
                .toList();
    }

    private static boolean endedUnseen(ScopedSubtask<?> subtask) {
        return !subtask.isDaemon() && subtask.state() != State.UNAVAILABLE;
    }

    /** Whether so many have ended unseen since the last join that some are or may be forgotten. */
    boolean hasForgotten() {
        return dropped || each().anyMatch(subtask -> endedUnseen(subtask) && isOneTooMany(subtask));
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
                SubtaskList.Segment segment = subtask.segment();
                return segment != null && segment.get(subtask.slot()) == subtask;
            }

            @Override
            public int size() {
                return Math.toIntExact(
                        each().filter(subtask -> !subtask.isDaemon()).count());
            }
        };
    }

    /** Calls {@code action} with each, also with some that have ended. */
    void forEach(Consumer<? super ScopedSubtask<?>> action) {
        ofOwner.forEach(action);
        ofOthers.forEach(action);
    }

    private Stream<ScopedSubtask<?>> each() {
        Stream.Builder<ScopedSubtask<?>> all = Stream.builder();
        forEach(all);
        return all.build();
    }
}
