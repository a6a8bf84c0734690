package dev.loomscope;

import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeListener;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link MixedScope} behaves. Immutable; each {@code with} method returns a changed copy.
 *
 * @param name what threads, logs, messages and thread dumps call the scope; null for one made from a number
 * @param timeout how long after its opening the scope is cancelled and {@code join} fails; null for never
 * @param deadline the same as a point in time; null for never; of both, the earlier counts
 * @param maxIo how many IO subtasks run at once, at least 1
 * @param maxBlocking how many BLOCKING subtasks run at once, at least 1
 * @param cpuBackend where CPU subtasks run; null for {@link dev.loomscope.process.ProcessPool#shared()}
 * @param listeners hear what happens in the scope
 */
public record ScopeConfig(
        @Nullable String name,
        @Nullable Duration timeout,
        @Nullable Deadline deadline,
        int maxIo,
        int maxBlocking,
        @Nullable CpuBackend cpuBackend,
        List<ScopeListener> listeners) {

    /** How many BLOCKING subtasks of a scope run at once unless configured. */
    public static final int DEFAULT_MAX_BLOCKING = 64;

    private static final ScopeConfig DEFAULTS =
            new ScopeConfig(null, null, null, Integer.MAX_VALUE, DEFAULT_MAX_BLOCKING, null, List.of());

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if a bound is below 1, the timeout negative or the name blank
     */
    public ScopeConfig {
        if (name != null && name.isBlank()) {
            throw new IllegalArgumentException("the name of a scope must not be blank");
        }
        if (timeout != null && timeout.isNegative()) {
            throw new IllegalArgumentException("a timeout must not be negative: " + timeout);
        }
        requireBound("IO", maxIo);
        requireBound("BLOCKING", maxBlocking);
        listeners = List.copyOf(listeners);
    }

    /** No name, no deadline, IO without bound, 64 BLOCKING subtasks at once, the shared pool, no listener. */
    public static ScopeConfig defaults() {
        return DEFAULTS;
    }

    /** With this name. */
    public ScopeConfig withName(String newName) {
        Objects.requireNonNull(newName, "name");
        return new ScopeConfig(newName, timeout, deadline, maxIo, maxBlocking, cpuBackend, listeners);
    }

    /**
     * With a deadline this long after the scope has been opened.
     *
     * @throws IllegalArgumentException if the timeout is negative
     */
    public ScopeConfig withTimeout(Duration newTimeout) {
        Objects.requireNonNull(newTimeout, "timeout");
        return new ScopeConfig(name, newTimeout, deadline, maxIo, maxBlocking, cpuBackend, listeners);
    }

    /** With this deadline. */
    public ScopeConfig withDeadline(Deadline newDeadline) {
        Objects.requireNonNull(newDeadline, "deadline");
        return new ScopeConfig(name, timeout, newDeadline, maxIo, maxBlocking, cpuBackend, listeners);
    }

    /**
     * With at most this many subtasks of this kind running at once in the scope.
     *
     * @throws IllegalArgumentException if {@code max} is below 1, or the kind is CPU, which the process pool bounds
     */
    public ScopeConfig withMaxConcurrent(TaskKind kind, int max) {
        return switch (kind) {
            case IO -> new ScopeConfig(name, timeout, deadline, max, maxBlocking, cpuBackend, listeners);
            case BLOCKING -> new ScopeConfig(name, timeout, deadline, maxIo, max, cpuBackend, listeners);
            case CPU ->
                throw new IllegalArgumentException(
                        "CPU subtasks are bounded by the workers of their pool: use ProcessPoolConfig.withWorkers(%d)"
                                .formatted(max));
        };
    }

    /** With CPU subtasks running on this backend, usually a {@link dev.loomscope.process.ProcessPool}. */
    public ScopeConfig withCpuBackend(CpuBackend newCpuBackend) {
        Objects.requireNonNull(newCpuBackend, "cpuBackend");
        return new ScopeConfig(name, timeout, deadline, maxIo, maxBlocking, newCpuBackend, listeners);
    }

    /** With one more listener. */
    public ScopeConfig withListener(ScopeListener listener) {
        Objects.requireNonNull(listener, "listener");
        List<ScopeListener> more =
                Stream.concat(listeners.stream(), Stream.of(listener)).toList();
        return new ScopeConfig(name, timeout, deadline, maxIo, maxBlocking, cpuBackend, more);
    }

    /** The deadline of a scope that is opened now; null for none. */
    @Nullable
    Deadline effectiveDeadline() {
        if (timeout == null) {
            return deadline;
        }
        Deadline ofTimeout = Deadline.after(timeout);
        return deadline != null && deadline.compareTo(ofTimeout) < 0 ? deadline : ofTimeout;
    }

    private static void requireBound(String kind, int max) {
        if (max < 1) {
            throw new IllegalArgumentException(
                    "at least 1 %s subtask must be allowed to run, not %d".formatted(kind, max));
        }
    }
}
