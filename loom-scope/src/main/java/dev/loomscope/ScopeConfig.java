package dev.loomscope;

import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeListener;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How a {@link MixedScope} behaves. Immutable; each {@code with} method returns a changed copy.
 *
 * @param name what threads, logs, messages and thread dumps call the scope; null for one made from a number
 * @param timeout how long after its opening the scope is cancelled and {@code join} fails; null for never
 * @param deadline the same as a point in time; null for never; of both, the earlier counts
 * @param maxIo how many IO subtasks run at once, at least 1; without effect if {@code limiters} has one for IO
 * @param maxBlocking how many BLOCKING subtasks run at once, at least 1; without effect if {@code limiters} has one for
 *     BLOCKING
 * @param limiters what bounds the kinds instead, shared with others; empty for none
 * @param stragglerGrace how long a cancelled subtask may go on before it is interrupted again and named in a warning
 * @param blockingCancelPolicy what a cancel does to BLOCKING subtasks
 * @param reusedThreads whether BLOCKING subtasks run on threads that are kept and used again
 * @param cpuBackend where CPU subtasks run; null for {@link dev.loomscope.process.ProcessPool#shared()}
 * @param listeners hear what happens in the scope
 */
public record ScopeConfig(
        @Nullable String name,
        @Nullable Duration timeout,
        @Nullable Deadline deadline,
        int maxIo,
        int maxBlocking,
        Map<TaskKind, Limiter> limiters,
        Duration stragglerGrace,
        CancelPolicy blockingCancelPolicy,
        boolean reusedThreads,
        @Nullable CpuBackend cpuBackend,
        List<ScopeListener> listeners) {

    /** How many BLOCKING subtasks of a scope run at once unless configured. */
    public static final int DEFAULT_MAX_BLOCKING = 64;

    /** How long a cancelled subtask may go on before it is a straggler, unless configured: 1 s. */
    public static final Duration DEFAULT_STRAGGLER_GRACE = Duration.ofSeconds(1);

    private static final ScopeConfig DEFAULTS = new Draft().toConfig();

    /**
     * Checks the values.
     *
     * @throws NullPointerException if one is null that must not be
     * @throws IllegalArgumentException if a bound is below 1, the timeout or the grace period negative or the name blank
     */
    public ScopeConfig {
        if (name != null && name.isBlank()) {
            throw new IllegalArgumentException("the name of a scope must not be blank");
        }
        if (timeout != null && timeout.isNegative()) {
            throw new IllegalArgumentException("a timeout must not be negative: " + timeout);
        }
        if (stragglerGrace.isNegative()) {
            throw new IllegalArgumentException("a grace period must not be negative: " + stragglerGrace);
        }
        requireBound("IO", maxIo);
        requireBound("BLOCKING", maxBlocking);
        Objects.requireNonNull(blockingCancelPolicy, "blockingCancelPolicy");
        limiters = Map.copyOf(limiters);
        listeners = List.copyOf(listeners);
    }

    private static void requireBound(String kind, int max) {
        if (max < 1) {
            throw new IllegalArgumentException(
                    "at least 1 %s subtask must be allowed to run, not %s".formatted(kind, max));
        }
    }

    /**
     * No name, no deadline, IO without bound, 64 BLOCKING subtasks at once, which a cancel interrupts, the shared pool, no
     * listener.
     */
    public static ScopeConfig defaults() {
        return DEFAULTS;
    }

    /**
     * With this name.
     *
     * @throws IllegalArgumentException if it is blank
     */
    public ScopeConfig withName(String newName) {
        Objects.requireNonNull(newName, "name");
        return with(draft -> draft.name = newName);
    }

    /**
     * With a deadline this long after the scope has been opened; zero cancels at once.
     *
     * @throws IllegalArgumentException if the timeout is negative
     */
    public ScopeConfig withTimeout(Duration newTimeout) {
        Objects.requireNonNull(newTimeout, "timeout");
        return with(draft -> draft.timeout = newTimeout);
    }

    /** With this deadline; one in the past cancels at once. A timeout that is earlier counts instead. */
    public ScopeConfig withDeadline(Deadline newDeadline) {
        Objects.requireNonNull(newDeadline, "deadline");
        return with(draft -> draft.deadline = newDeadline);
    }

    /**
     * With at most this many subtasks of this kind running at once in the scope.
     *
     * @throws IllegalArgumentException if {@code max} is below 1, or the kind is CPU, which the process pool bounds
     */
    public ScopeConfig withMaxConcurrent(TaskKind kind, int max) {
        return switch (kind) {
            case IO -> with(draft -> draft.maxIo = max);
            case BLOCKING -> with(draft -> draft.maxBlocking = max);
            case CPU ->
                throw new IllegalArgumentException(
                        "CPU subtasks are bounded by the workers of their pool: use ProcessPoolConfig.withWorkers(%s)"
                                .formatted(max));
        };
    }

    /**
     * With this limiter for the subtasks of this kind, instead of a bound of the scope's own: share one between all scopes
     * that use the same scarce thing. For CPU it comes before the queue of the pool.
     */
    public ScopeConfig withLimiter(TaskKind kind, Limiter limiter) {
        Map<TaskKind, Limiter> changed = new HashMap<>(limiters);
        changed.put(Objects.requireNonNull(kind, "kind"), Objects.requireNonNull(limiter, "limiter"));
        return with(draft -> draft.limiters = changed);
    }

    /**
     * With this grace period before a cancelled subtask that goes on is interrupted again and named in a warning.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ScopeConfig withStragglerGrace(Duration newGrace) {
        Objects.requireNonNull(newGrace, "stragglerGrace");
        return with(draft -> draft.stragglerGrace = newGrace);
    }

    /** With BLOCKING subtasks to which a cancel does this, unless they are forked {@link Forker#withCancelPolicy otherwise}. */
    public ScopeConfig withBlockingCancelPolicy(CancelPolicy newPolicy) {
        Objects.requireNonNull(newPolicy, "blockingCancelPolicy");
        return with(draft -> draft.blockingCancelPolicy = newPolicy);
    }

    /**
     * With BLOCKING subtasks on platform threads that are kept for some seconds and used again, by all scopes that are opened so,
     * instead of a new thread for each: for many short calls, since to start a thread costs more than 50 us.
     *
     * <p>The price: these threads have neither scoped values nor inheritable thread locals of anybody, and do not stand in the
     * scope in the JDK's thread dump; and what a task leaves in a {@link ThreadLocal}, the next one finds. All else is as with threads
     * of their own: the context class loader is that of the thread that forks. Subtasks with {@link CancelPolicy#ABANDON} always have their own.
     */
    public ScopeConfig withReusedThreads(boolean reused) {
        return with(draft -> draft.reusedThreads = reused);
    }

    /** With CPU subtasks running on this backend, usually a {@link dev.loomscope.process.ProcessPool}. */
    public ScopeConfig withCpuBackend(CpuBackend newCpuBackend) {
        Objects.requireNonNull(newCpuBackend, "cpuBackend");
        return with(draft -> draft.cpuBackend = newCpuBackend);
    }

    /** With one more listener. */
    public ScopeConfig withListener(ScopeListener listener) {
        Objects.requireNonNull(listener, "listener");
        return with(draft -> draft.listeners =
                Stream.concat(listeners.stream(), Stream.of(listener)).toList());
    }

    /** For a scope of our own inside one that has this configuration and this name. */
    ScopeConfig inside(String outer) {
        return with(draft -> {
            draft.name = outer + "/map";
            draft.timeout = null; // the scope around has them
            draft.deadline = null;
        });
    }

    private ScopeConfig with(Consumer<Draft> change) {
        Draft draft = new Draft();
        draft.name = name;
        draft.timeout = timeout;
        draft.deadline = deadline;
        draft.maxIo = maxIo;
        draft.maxBlocking = maxBlocking;
        draft.limiters = limiters;
        draft.stragglerGrace = stragglerGrace;
        draft.blockingCancelPolicy = blockingCancelPolicy;
        draft.reusedThreads = reusedThreads;
        draft.cpuBackend = cpuBackend;
        draft.listeners = listeners;
        change.accept(draft);
        return draft.toConfig();
    }

    /** The deadline of a scope that is opened at this time; null for none. */
    @Nullable
    Deadline effectiveDeadline(long nanoTime) {
        Deadline ofTimeout = timeout == null ? null : Deadline.after(timeout, nanoTime);
        return Deadline.earliest(deadline, ofTimeout);
    }

    /** A configuration that is being changed. */
    private static final class Draft {
        private @Nullable String name;
        private @Nullable Duration timeout;
        private @Nullable Deadline deadline;
        private int maxIo = Integer.MAX_VALUE;
        private int maxBlocking = DEFAULT_MAX_BLOCKING;
        private Map<TaskKind, Limiter> limiters = Map.of();
        private Duration stragglerGrace = DEFAULT_STRAGGLER_GRACE;
        private CancelPolicy blockingCancelPolicy = CancelPolicy.INTERRUPT;
        private boolean reusedThreads;
        private @Nullable CpuBackend cpuBackend;
        private List<ScopeListener> listeners = List.of();

        ScopeConfig toConfig() {
            return new ScopeConfig(
                    name,
                    timeout,
                    deadline,
                    maxIo,
                    maxBlocking,
                    limiters,
                    stragglerGrace,
                    blockingCancelPolicy,
                    reusedThreads,
                    cpuBackend,
                    listeners);
        }
    }
}
