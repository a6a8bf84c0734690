package dev.loomscope;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** {@link MixedScope#completions}: what has ended and was not given out yet. Thread-safe. */
final class CompletionQueue<T extends @Nullable Object> implements Completions<T> {

    private final NurseryScope<T, ?> scope;
    private final String where;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Queue<ScopedSubtask<?>> ended = new ArrayDeque<>(); // guarded by lock
    // Guarded by lock; had ended at the beginning. Weak: most were offered before, and are not offered again.
    private final Set<ScopedSubtask<?>> before = Collections.newSetFromMap(new WeakHashMap<>());

    CompletionQueue(NurseryScope<T, ?> scope) {
        this.scope = scope;
        this.where = "for a completion in scope '%s', say".formatted(scope.name());
    }

    /** These have ended before anybody asked. What ends meanwhile may be among them, and be offered as well. */
    void begin(List<ScopedSubtask<?>> unseen) {
        lock.lock();
        try {
            List<ScopedSubtask<?>> meanwhile = List.copyOf(ended);
            ended.clear();
            before.addAll(unseen);
            ended.addAll(unseen);
            meanwhile.stream().filter(subtask -> !before.contains(subtask)).forEach(ended::add);
        } finally {
            lock.unlock();
        }
    }

    /** One has ended. */
    void offer(ScopedSubtask<?> subtask) {
        lock.lock();
        try {
            if (!before.remove(subtask)) {
                ended.add(subtask);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** The scope was cancelled, or the last has ended. */
    void wake() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // The subtasks of the scope have results of type T, or none.
    @SuppressWarnings("unchecked")
    @Override
    public Optional<Subtask<T>> next() throws InterruptedException, ScopeFailedException {
        scope.ensureInTree("wait for completions");
        ScopedSubtask<?> next = await();
        if (next == null) {
            return Optional.empty();
        }
        scope.onSeen(next);
        return Optional.of((Subtask<T>) next);
    }

    private @Nullable ScopedSubtask<?> await() throws InterruptedException, ScopeFailedException {
        while (true) {
            scope.whileCallerAwaits(this::wake, this::awaitChange);
            lock.lock();
            try {
                if (scope.isCancelledForCaller()) {
                    throw scope.cancelledForCaller("the next completion");
                }
                ScopedSubtask<?> next = ended.poll();
                if (next != null || scope.hasOnlyDaemons()) {
                    return next;
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void awaitChange() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (ended.isEmpty() && !scope.hasOnlyDaemons() && !scope.isCancelledForCaller()) {
                ThreadWaits.during(new WaitGraph.Any(where, scope.nodesToJoin()), changed::await);
            }
        } finally {
            lock.unlock();
        }
    }
}
