package dev.loomscope.process;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shutdown of this JVM. CPU tasks that were forked before go on while other shutdown hooks run, for no longer than the {@linkplain
 * ProcessPoolConfig#withShutdownGrace shutdown grace} of their pool.
 *
 * <p>When all other hooks have ended, nobody waits for these tasks: their workers are killed, and the JVM exits at once. If it cannot be
 * seen that the other hooks have ended, our hook ends. The JVM then exits as soon as the other hooks have ended, and the {@linkplain
 * Lifeline lifelines} of the workers break.
 */
final class Shutdown {

    /** Why a worker ends, or a task. */
    static final String REASON = "this JVM is shutting down";

    private static final Logger log = LoggerFactory.getLogger(ProcessPool.class);
    private static final Duration UNKNOWN_PATIENCE = Duration.ofMillis(200);
    private static final long MIN_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long MAX_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final Set<PoolState> pools = ConcurrentHashMap.newKeySet(); // those with workers or tasks
    private static volatile boolean begun; // any thread; never goes back to false

    private Shutdown() {}

    /** Whether the shutdown has begun, as far as a pool that {@linkplain #add takes part} can know. A volatile read. */
    static boolean hasBegun() {
        return begun;
    }

    /** Whether the shutdown has begun, also when no pool takes part in it. Takes a few microseconds in that case. */
    static boolean hasCertainlyBegun() {
        if (!begun && ShutdownHook.isMissed()) {
            begun = true;
        }
        return begun;
    }

    /** Takes note that the shutdown has begun. */
    static void begin() {
        begun = true;
    }

    /** Lets a pool take part in a shutdown, because it has work. Guarded by the pool's lock. */
    static void add(PoolState pool) {
        pools.add(pool);
        if (!ShutdownHook.acquire()) {
            begun = true;
        }
        if (begun) {
            pool.limitShutdown(); // the hook may not have seen it
        }
    }

    /** A pool has no workers and no work any more. Guarded by the pool's lock. */
    static void remove(PoolState pool) {
        pools.remove(pool);
        ShutdownHook.release();
    }

    /** What the hook does. */
    static void run(ShutdownHook hook) {
        begin();
        List.copyOf(pools).forEach(PoolState::beginShutdown);
        if (awaitTasks(hook)) {
            end();
        } else {
            LiveProcesses.deleteFoldersAtExit();
        }
    }

    // Whether nobody needs the workers any more.
    private static boolean awaitTasks(ShutdownHook hook) {
        long unknownSince = System.nanoTime();
        for (long pause = MIN_PAUSE_NANOS; isAnyBusy(); pause = Math.min(2 * pause, MAX_PAUSE_NANOS)) {
            ShutdownHook.Others others = hook.look();
            long now = System.nanoTime();
            switch (others) {
                case ENDED -> {
                    return true;
                }
                case RUNNING -> unknownSince = now;
                case UNKNOWN -> {
                    if (now - unknownSince > UNKNOWN_PATIENCE.toNanos()) {
                        log.info(
                                "the exit of this JVM will end unfinished CPU tasks: other shutdown hooks may run in threads {}",
                                hook.laterThreads());
                        return false;
                    }
                }
            }
            LockSupport.parkNanos(others == ShutdownHook.Others.RUNNING ? pause : MIN_PAUSE_NANOS);
        }
        return true;
    }

    private static boolean isAnyBusy() {
        return pools.stream().anyMatch(PoolState::isBusy);
    }

    private static void end() {
        int tasks = pools.stream().mapToInt(PoolState::endForExit).sum();
        if (tasks > 0) {
            log.info(
                    "no other shutdown hook is running: {} unfinished CPU tasks are cancelled, their workers killed",
                    tasks);
        }
        LiveProcesses.destroyAll();
    }
}
