package dev.loomscope;

import dev.loomscope.core.TaskKind;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** A narrower view of a scope: it forks, in its own way, and does nothing else. */
final class ForkView<T extends @Nullable Object> implements Forker<T> {

    private final NurseryScope<T, ?> scope;
    private final ForkOptions options;

    ForkView(NurseryScope<T, ?> scope, ForkOptions options) {
        this.scope = scope;
        this.options = options;
    }

    @Override
    public <U extends T> Subtask<U> forkTask(
            @Nullable String name, @Nullable TaskKind kind, Callable<? extends U> task) {
        return scope.fork(name, kind, task, options);
    }

    @Override
    public Forker<T> withCancelPolicy(CancelPolicy policy) {
        return new ForkView<>(scope, options.withPolicy(policy));
    }

    @Override
    public Forker<T> asDaemons() {
        return new ForkView<>(scope, options.asDaemon());
    }

    @Override
    public Forker<T> withMaxHeapMiB(int heapMiB) {
        return new ForkView<>(scope, options.withHeap(heapMiB));
    }

    @Override
    public String toString() {
        return "Forker[%s, %s]".formatted(scope.name(), options);
    }
}
