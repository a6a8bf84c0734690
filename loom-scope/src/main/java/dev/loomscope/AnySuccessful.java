package dev.loomscope;

import java.util.NoSuchElementException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** {@link Joiner#anySuccessfulOrThrow}. */
final class AnySuccessful<T extends @Nullable Object> implements Joiner<T, T>, ThrowsFirstFailure {

    private final AtomicReference<@Nullable Subtask<? extends T>> winner = new AtomicReference<>();
    private final FirstProblem problem = new FirstProblem();

    @Override
    public boolean onComplete(Subtask<? extends T> subtask) {
        problem.look(subtask);
        return subtask.state() == Subtask.State.SUCCESS && winner.compareAndSet(null, subtask);
    }

    @Override
    public T result() throws Throwable {
        Subtask<? extends T> first = winner.get();
        if (first != null) {
            return first.get();
        }
        problem.rethrow();
        throw new NoSuchElementException("no subtask succeeded: none was forked, or each was cancelled alone");
    }
}
