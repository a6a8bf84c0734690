package dev.loomscope;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@link Joiner#allSuccessfulOrThrow}. */
final class AllSuccessful<T extends @Nullable Object> implements Joiner<T, List<T>>, ThrowsFirstFailure {

    private final ForkOrder<T> forked = new ForkOrder<>();
    private final FirstProblem problem = new FirstProblem();

    @Override
    public boolean onFork(Subtask<? extends T> subtask) {
        forked.add(subtask);
        return false;
    }

    @Override
    public boolean onComplete(Subtask<? extends T> subtask) {
        problem.look(subtask);
        return subtask.state() == Subtask.State.FAILED;
    }

    @Override
    public List<T> result() throws Throwable {
        problem.rethrow();
        List<T> results = new ArrayList<>();
        for (Subtask<T> subtask : forked.toList()) {
            if (subtask.state() == Subtask.State.SUCCESS) {
                results.add(subtask.get());
            }
        }
        return Collections.unmodifiableList(results);
    }
}
