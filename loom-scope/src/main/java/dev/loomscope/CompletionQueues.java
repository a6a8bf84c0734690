package dev.loomscope;

import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The queues of completions that were asked for in a scope. One that nobody holds any more is forgotten with all that it would
 * have given out: whoever stops asking says so to nobody. Thread-safe.
 */
final class CompletionQueues<T extends @Nullable Object> {

    private final List<WeakReference<CompletionQueue<T>>> all = new CopyOnWriteArrayList<>();

    void add(CompletionQueue<T> queue) {
        all.removeIf(reference -> reference.refersTo(null));
        all.add(new WeakReference<>(queue));
    }

    void remove(CompletionQueue<T> queue) {
        all.removeIf(reference -> reference.refersTo(queue));
    }

    /** Whether anybody asks. */
    boolean isAskedFor() {
        return !all.isEmpty();
    }

    /** One has ended. */
    void offer(ScopedSubtask<?> subtask) {
        forEach(queue -> queue.offer(subtask));
    }

    /** The scope was cancelled, or the last has ended. */
    void wake() {
        forEach(CompletionQueue::wake);
    }

    private void forEach(Consumer<CompletionQueue<T>> action) {
        for (WeakReference<CompletionQueue<T>> reference : all) {
            CompletionQueue<T> queue = reference.get();
            if (queue != null) {
                action.accept(queue);
            }
        }
    }
}
