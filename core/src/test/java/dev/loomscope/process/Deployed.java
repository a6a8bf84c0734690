package dev.loomscope.process;

import dev.loomscope.event.ScopeEvent;
import java.time.Duration;

/** What a deployed application does with the pool. Each method is called once in a {@link ContainerLoader}. */
public final class Deployed {

    private Deployed() {}

    /** Runs tasks in a pool of its own, cancels one, lets one crash, and closes the pool. */
    public static void useOwnPool() throws Exception {
        try (ProcessPool pool = ProcessPool.open(Deployed::brief)) {
            runAll(pool);
        }
    }

    /** As {@link #useOwnPool}, with limits that are hours away when the pool is closed. */
    public static void useOwnPoolWithLongTimes() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                .withIdleTimeout(Duration.ofHours(2))
                .withStartTimeout(Duration.ofHours(2))
                .withCancelGrace(Duration.ofHours(2))
                .withMaxWorkerAge(Duration.ofHours(2)))) {
            PoolRun.run(pool, Work::pid);
            PoolRun.start(pool, Deployed::haltWhenInterrupted)
                    .awaitStart()
                    .cancel("enough")
                    .failure();
        }
    }

    private static Void haltWhenInterrupted() {
        try {
            Work.listen();
        } catch (InterruptedException e) {
            Runtime.getRuntime().halt(3);
        }
        return null;
    }

    /** Closes the shared pool, which has its default times. */
    public static void useSharedPool() throws Exception {
        runAll(ProcessPool.shared());
        ProcessPool.closeShared();
    }

    /** As {@link #useOwnPool}, with a pool in JMX. */
    public static void useOwnPoolWithJmx() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> brief(c).withJmx(true))) {
            runAll(pool);
        }
    }

    /** Closes a pool as soon as its first worker has started. */
    public static void useOwnPoolBriefly() throws Exception {
        try (ProcessPool pool = ProcessPool.open(Deployed::brief)) {
            pool.prewarm(1).get();
        }
    }

    /** Leaves a pool open, with an idle worker. */
    public static void forgetOwnPool() throws Exception {
        runAll(ProcessPool.open(Deployed::brief));
    }

    /** Runs a task in a pool that stays open with an idle worker; nothing else. */
    public static void leaveIdleWorker() throws Exception {
        ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1));
        PoolRun.run(pool, Work::pid);
    }

    /** As {@link #leaveIdleWorker}, with a worker that computes. */
    public static void leaveBusyWorker() throws Exception {
        ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1));
        PoolRun.start(pool, Work::spin).awaitStart();
    }

    static void runAll(ProcessPool pool) throws Exception {
        PoolRun.run(pool, Work::pid);
        PoolRun.run(pool, () -> new byte[1 << 20].length);
        PoolRun.fail(pool, () -> {
            throw new IllegalStateException("as expected");
        });
        PoolRun.start(pool, Work::spin).awaitStart().cancel("enough").failure();
        PoolRun.fail(pool, () -> {
            Runtime.getRuntime().halt(3);
            return null;
        });
        PoolRun.run(pool, Work::pid);
    }

    private static ProcessPoolConfig brief(ProcessPoolConfig config) {
        return config.withWorkers(1)
                .withCancelGrace(Duration.ofMillis(50))
                .withIdleTimeout(Duration.ofMillis(500))
                .withListener(Deployed::hear);
    }

    private static void hear(ScopeEvent event) {}
}
