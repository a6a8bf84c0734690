package dev.loomscope;

import org.jspecify.annotations.Nullable;

/** {@link Joiner#awaitAllSuccessfulOrThrow}. */
final class AwaitAllSuccessful<T extends @Nullable Object> implements Joiner<T, @Nullable Void>, ThrowsFirstFailure {

    private final FirstProblem problem = new FirstProblem();

    @Override
    public boolean onComplete(Subtask<? extends T> subtask) {
        problem.look(subtask);
        return subtask.state() == Subtask.State.FAILED;
    }

    @Override
    public @Nullable Void result() throws Throwable {
        problem.rethrow();
        return null;
    }
}
