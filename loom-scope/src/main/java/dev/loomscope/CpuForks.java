package dev.loomscope;

import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Hands the CPU tasks of a scope to its backend, inside the fork. Thread-safe. */
final class CpuForks {

    private final NurseryScope<?, ?> scope;
    private final @Nullable CpuBackend configured;

    /** For the tasks of a scope; {@code configured} is null for the shared pool. */
    CpuForks(NurseryScope<?, ?> scope, @Nullable CpuBackend configured) {
        this.scope = scope;
        this.configured = configured;
    }

    /** Prepares the task of a subtask; null if it needs no backend. */
    <U extends @Nullable Object> @Nullable CpuExecution<? extends U> prepare(
            ScopedSubtask<U> subtask, Callable<? extends U> task, ForkContext context, int heapMiB) {
        return needsBackend(subtask) ? backend().prepare(request(subtask, task, context, heapMiB)) : null;
    }

    /** As {@link #prepare}, but waits until the backend has room for it. */
    <U extends @Nullable Object> @Nullable CpuExecution<? extends U> prepareWhenRoom(
            ScopedSubtask<U> subtask, Callable<? extends U> task, ForkContext context) throws InterruptedException {
        return needsBackend(subtask) ? backend().prepareWhenRoom(request(subtask, task, context, 0)) : null;
    }

    /** Returns forks for a subtask that is prepared later, with the settings that this JVM has now; these if it needs no backend. */
    CpuForks asOfNow(ScopedSubtask<?> subtask) {
        return needsBackend(subtask) ? new CpuForks(scope, backend().asOfNow()) : this;
    }

    // A subtask of a cancelled scope never starts.
    private boolean needsBackend(ScopedSubtask<?> subtask) {
        return subtask.kind() == TaskKind.CPU && scope.cancelled() == null;
    }

    private CpuBackend backend() {
        return configured != null ? configured : ProcessPool.shared();
    }

    private <U extends @Nullable Object> CpuRequest<U> request(
            ScopedSubtask<U> subtask, Callable<? extends U> task, ForkContext context, int heapMiB) {
        return new CpuRequest<U>(task, subtask.name(), subtask, context.forWorker(), scope::remaining, heapMiB, scope);
    }
}
