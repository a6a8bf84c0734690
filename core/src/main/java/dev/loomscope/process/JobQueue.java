package dev.loomscope.process;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Predicate;

/**
 * The tasks that wait for a worker. Groups take turns, one task each, so that one with many tasks delays another by no more than
 * one task per turn; within a group it is first come, first served. All of it is guarded by the pool's lock.
 */
final class JobQueue {

    private static final Object NO_GROUP = new Object();

    private final IdentityHashMap<Object, Turn> turns =
            new IdentityHashMap<>(); // an equals of users would run under the lock
    private final LinkedHashSet<Turn> line = new LinkedHashSet<>(); // the same; whose turn is next is the first
    private int size;

    /** The tasks of one group, the oldest first; never empty. */
    private record Turn(Object group, LinkedHashSet<PoolJob<?>> jobs) {

        @Override
        public boolean equals(Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    void add(PoolJob<?> job) {
        job.stage = PoolJob.Stage.QUEUED;
        turnOf(job).jobs().addLast(job);
        size++;
    }

    /** Adds a task that has waited already: its turn is next. */
    void addAgain(PoolJob<?> job) {
        job.stage = PoolJob.Stage.QUEUED;
        Turn turn = turnOf(job);
        turn.jobs().addFirst(job);
        line.addFirst(turn);
        size++;
    }

    private Turn turnOf(PoolJob<?> job) {
        Turn turn = turns.computeIfAbsent(groupOf(job), group -> new Turn(group, new LinkedHashSet<>()));
        line.add(turn); // at the end, if it is new
        return turn;
    }

    /** Takes the next one; there is one. */
    PoolJob<?> take() {
        Turn turn = line.removeFirst();
        PoolJob<?> job = turn.jobs().removeFirst();
        size--;
        if (turn.jobs().isEmpty()) {
            turns.remove(turn.group());
        } else {
            line.addLast(turn);
        }
        return job;
    }

    /** The next one; there is one. */
    PoolJob<?> first() {
        return line.getFirst().jobs().getFirst();
    }

    /** The heaps that the next ones need, so many at most, in MiB. */
    List<Integer> heaps(int number) {
        Deque<Iterator<PoolJob<?>>> next = new ArrayDeque<>();
        line.stream().limit(number).forEach(turn -> next.add(turn.jobs().iterator()));
        List<Integer> heaps = new ArrayList<>();
        while (heaps.size() < number && !next.isEmpty()) {
            Iterator<PoolJob<?>> turn = next.removeFirst();
            heaps.add(turn.next().heapMiB());
            if (turn.hasNext()) {
                next.addLast(turn);
            }
        }
        return heaps;
    }

    /** Takes all that need a larger heap than this, to fail them. */
    List<PoolJob<?>> takeLargerThan(int heapMiB) {
        return takeIf(job -> job.heapMiB() > heapMiB);
    }

    /** Takes all that this is true of, to fail them. */
    List<PoolJob<?>> takeIf(Predicate<PoolJob<?>> condition) {
        List<PoolJob<?>> taken = new ArrayList<>();
        for (Turn turn : line) {
            turn.jobs().stream().filter(condition).forEach(taken::add);
        }
        taken.forEach(this::remove);
        taken.forEach(job -> job.stage = PoolJob.Stage.DONE);
        return taken;
    }

    /** Removes this one, if it waits. */
    void remove(PoolJob<?> job) {
        Turn turn = turns.get(groupOf(job));
        if (turn != null && turn.jobs().remove(job)) {
            size--;
            if (turn.jobs().isEmpty()) {
                turns.remove(turn.group());
                line.remove(turn);
            }
        }
    }

    /** All that wait. */
    List<PoolJob<?>> all() {
        List<PoolJob<?>> all = new ArrayList<>(size);
        line.forEach(turn -> all.addAll(turn.jobs()));
        return all;
    }

    /** Takes all, to fail them. */
    List<PoolJob<?>> takeAll() {
        List<PoolJob<?>> taken = new ArrayList<>(size);
        while (size > 0) {
            taken.add(take());
        }
        taken.forEach(job -> job.stage = PoolJob.Stage.DONE);
        return taken;
    }

    private static Object groupOf(PoolJob<?> job) {
        Object group = job.group();
        return group == null ? NO_GROUP : group;
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }
}
