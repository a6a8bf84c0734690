package dev.loomscope;

import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** {@link Joiner#allUntil}. */
final class AllUntil<T extends @Nullable Object> implements Joiner<T, List<Subtask<T>>> {

    private final Predicate<? super Subtask<T>> done;
    private final ForkOrder<T> forked = new ForkOrder<>();

    AllUntil(Predicate<? super Subtask<T>> done) {
        this.done = Objects.requireNonNull(done, "done");
    }

    @Override
    public boolean onFork(Subtask<? extends T> subtask) {
        forked.add(subtask);
        return false;
    }

    // A handle only gives out results: that of a U is one of a T.
    @SuppressWarnings("unchecked")
    @Override
    public boolean onComplete(Subtask<? extends T> subtask) {
        return done.test((Subtask<T>) subtask);
    }

    @Override
    public List<Subtask<T>> result() {
        return forked.toList();
    }
}
