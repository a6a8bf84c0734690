package dev.loomscope.process;

import dev.loomscope.event.ScopeListener;
import java.io.ObjectInputFilter;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * How a {@link ProcessPool} behaves. Immutable; each {@code with} method returns a changed copy.
 *
 * @param name what threads, logs and messages call the pool
 * @param workers how many worker processes there are at most, at least 1; they start when needed
 * @param maxHeapMiB the largest heap of each worker, in MiB, at least 16
 * @param idleTimeout how long a worker may be idle before it is retired
 * @param cancelGrace how long a cancelled task may go on before its worker is killed; zero kills at once
 * @param startTimeout how long a worker may take from its start until it is ready
 * @param jvmOptions further options of the workers' JVMs, after ours, so that they win
 * @param allowedResults patterns of classes that results may hold besides value types of the JDK and the task's own code, in the
 *     syntax of {@code jdk.serialFilter}: {@code com.acme.Order}, {@code com.acme.*}, {@code com.acme.**}
 * @param listeners hear of the workers' lives
 */
public record ProcessPoolConfig(
        String name,
        int workers,
        int maxHeapMiB,
        Duration idleTimeout,
        Duration cancelGrace,
        Duration startTimeout,
        List<String> jvmOptions,
        List<String> allowedResults,
        List<ScopeListener> listeners) {

    private static final int MIN_HEAP_MIB = 16;
    private static final int DEFAULT_HEAP_MIB = 512;

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is out of its range; the message says which and why
     */
    public ProcessPoolConfig {
        if (name.isBlank()) {
            throw new IllegalArgumentException("the name of a process pool must not be blank");
        }
        if (workers < 1) {
            throw new IllegalArgumentException("pool '%s' needs at least 1 worker, not %d".formatted(name, workers));
        }
        if (maxHeapMiB < MIN_HEAP_MIB) {
            throw new IllegalArgumentException("workers of pool '%s' need a heap of at least %d MiB, not %d"
                    .formatted(name, MIN_HEAP_MIB, maxHeapMiB));
        }
        requireNotNegative(name, "idleTimeout", idleTimeout);
        requireNotNegative(name, "cancelGrace", cancelGrace);
        if (startTimeout.isNegative() || startTimeout.isZero()) {
            throw new IllegalArgumentException(
                    "startTimeout of pool '%s' must be positive, not %s".formatted(name, startTimeout));
        }
        jvmOptions = List.copyOf(jvmOptions);
        allowedResults = List.copyOf(allowedResults);
        listeners = List.copyOf(listeners);
        allowedResults.forEach(ObjectInputFilter.Config::createFilter); // throws on a malformed pattern
    }

    /**
     * As many workers as there are processors, heaps of 512 MiB, retired after 30 s of idling, killed 250 ms after a cancel, 30 s
     * to start.
     */
    public static ProcessPoolConfig defaults() {
        return new ProcessPoolConfig(
                "cpu",
                Runtime.getRuntime().availableProcessors(),
                DEFAULT_HEAP_MIB,
                Duration.ofSeconds(30),
                Duration.ofMillis(250),
                Duration.ofSeconds(30),
                List.of(),
                List.of(),
                List.of());
    }

    /**
     * With this name.
     *
     * @throws IllegalArgumentException if it is blank
     */
    public ProcessPoolConfig withName(String newName) {
        Objects.requireNonNull(newName, "name");
        return new ProcessPoolConfig(
                newName,
                workers,
                maxHeapMiB,
                idleTimeout,
                cancelGrace,
                startTimeout,
                jvmOptions,
                allowedResults,
                listeners);
    }

    /**
     * With at most this many workers.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public ProcessPoolConfig withWorkers(int newWorkers) {
        return new ProcessPoolConfig(
                name,
                newWorkers,
                maxHeapMiB,
                idleTimeout,
                cancelGrace,
                startTimeout,
                jvmOptions,
                allowedResults,
                listeners);
    }

    /**
     * With heaps of at most this many MiB.
     *
     * @throws IllegalArgumentException if it is below 16
     */
    public ProcessPoolConfig withMaxHeapMiB(int newMaxHeapMiB) {
        return new ProcessPoolConfig(
                name,
                workers,
                newMaxHeapMiB,
                idleTimeout,
                cancelGrace,
                startTimeout,
                jvmOptions,
                allowedResults,
                listeners);
    }

    /**
     * With workers that are retired after this time of idling.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ProcessPoolConfig withIdleTimeout(Duration newIdleTimeout) {
        Objects.requireNonNull(newIdleTimeout, "idleTimeout");
        return new ProcessPoolConfig(
                name,
                workers,
                maxHeapMiB,
                newIdleTimeout,
                cancelGrace,
                startTimeout,
                jvmOptions,
                allowedResults,
                listeners);
    }

    /**
     * With this grace period between the cancel of a task and the kill of its worker; zero kills at once.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public ProcessPoolConfig withCancelGrace(Duration newCancelGrace) {
        Objects.requireNonNull(newCancelGrace, "cancelGrace");
        return new ProcessPoolConfig(
                name,
                workers,
                maxHeapMiB,
                idleTimeout,
                newCancelGrace,
                startTimeout,
                jvmOptions,
                allowedResults,
                listeners);
    }

    /**
     * With this bound on the start of a worker.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public ProcessPoolConfig withStartTimeout(Duration newStartTimeout) {
        Objects.requireNonNull(newStartTimeout, "startTimeout");
        return new ProcessPoolConfig(
                name,
                workers,
                maxHeapMiB,
                idleTimeout,
                cancelGrace,
                newStartTimeout,
                jvmOptions,
                allowedResults,
                listeners);
    }

    /** With these further JVM options for workers: {@code withJvmOptions("-Xss4m", "-Dkey=value")}. */
    public ProcessPoolConfig withJvmOptions(String... options) {
        List<String> more =
                Stream.concat(jvmOptions.stream(), Stream.of(options)).toList();
        return new ProcessPoolConfig(
                name, workers, maxHeapMiB, idleTimeout, cancelGrace, startTimeout, more, allowedResults, listeners);
    }

    /**
     * With these further classes allowed in results: {@code withAllowedResults("com.acme.model.*")}.
     *
     * @throws IllegalArgumentException if a pattern is malformed
     */
    public ProcessPoolConfig withAllowedResults(String... patterns) {
        List<String> more =
                Stream.concat(allowedResults.stream(), Stream.of(patterns)).toList();
        return new ProcessPoolConfig(
                name, workers, maxHeapMiB, idleTimeout, cancelGrace, startTimeout, jvmOptions, more, listeners);
    }

    /** With one more listener. */
    public ProcessPoolConfig withListener(ScopeListener listener) {
        Objects.requireNonNull(listener, "listener");
        List<ScopeListener> more =
                Stream.concat(listeners.stream(), Stream.of(listener)).toList();
        return new ProcessPoolConfig(
                name, workers, maxHeapMiB, idleTimeout, cancelGrace, startTimeout, jvmOptions, allowedResults, more);
    }

    private static void requireNotNegative(String pool, String what, Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException("%s of pool '%s' must not be negative: %s".formatted(what, pool, value));
        }
    }
}
