package dev.loomscope.process;

import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

/** A program that is asked to end while CPU tasks are in flight, with shutdown hooks of its own or without. */
final class ShutdownOwner {

    private ShutdownOwner() {}

    /** Takes what to do, and a folder: tasks wait for the file {@code go} in it. */
    public static void main(String[] args) throws Exception {
        String go = Path.of(args[1], "go").toString();
        switch (args[0]) {
            case "plain" -> { // nothing waits for its deaf task, and nothing keeps it
                deaf(open("plain", 1));
                PoolOwner.say("ready");
            }
            case "main ends" -> { // which shuts the JVM down as well
                deaf(open("main", 1));
                PoolOwner.say("ready");
                System.in.read();
                return;
            }
            case "draining" -> drain(open("drained", 1), args[1], go);
            case "first task" -> { // prepared before; its pool has never had a worker
                PoolRun<Long> late = PoolRun.prepare(open("first", 1), "late", Work::pid);
                hook(() -> PoolOwner.say(late.start().get() > 0));
                PoolOwner.say("ready");
            }
            case "idle pool" -> { // has had workers, and has none now
                ProcessPool pool = ProcessPool.open(c -> c.withIdleTimeout(Duration.ZERO));
                PoolRun.run(pool, Work::pid);
                Eventually.becomesTrue("none is left", () -> pool.stats().live() == 0);
                Eventually.becomesTrue(
                        "no process is left",
                        () -> ProcessHandle.current().children().findAny().isEmpty());
                hook(() -> PoolOwner.say(PoolRun.fail(pool, Work::pid)));
                PoolOwner.say("ready");
            }
            case "unrelated hook" -> { // is slow, and knows nothing of tasks
                PoolRun<Long> task = PoolRun.start(open("unrelated", 1), () -> Work.awaitFile(go))
                        .awaitStart();
                Thread.ofVirtual().start(() -> sayEnd(task));
                hook(() -> Work.awaitFile(Path.of(args[1], "end").toString()));
                PoolOwner.say("ready");
            }
            case "limit", "limit of all" -> limit(Duration.ofMillis(300), args[0].endsWith("all"));
            case "listening" -> {
                ProcessPool pool = ProcessPool.open(c -> c.withName("limited")
                        .withShutdownGrace(Duration.ofMillis(300))
                        .withCancelGrace(Duration.ofSeconds(20)));
                PoolRun<String> listening = PoolRun.start(pool, Work::listen).awaitStart();
                hook(() -> PoolOwner.say(describe(listening.failure())));
                PoolOwner.say("ready");
            }
            case "no grace" -> limit(Duration.ZERO, false);
            case "crash" -> {
                ProcessPool pool = open("crash", 1);
                PoolRun<Long> killed = PoolRun.start(pool, Work::spin).awaitStart();
                PoolRun<Long> queued = PoolRun.start(pool, "queued", Work::pid);
                hook(() -> {
                    PoolOwner.say(killed.pid());
                    PoolOwner.say(killed.failure().getMessage());
                    PoolOwner.say(queued.get() != killed.pid());
                });
                PoolOwner.say("ready");
            }
            case "close" -> { // as a framework does that ends its beans
                ProcessPool pool = open("closed", 1);
                PoolRun<Long> task = deaf(pool);
                hook(() -> {
                    pool.close();
                    PoolOwner.say(task.failure().getMessage());
                });
                PoolOwner.say("ready");
            }
            case "prewarm" -> {
                ProcessPool pool = open("prewarm", 3);
                pool.prewarm(3);
                Eventually.becomesTrue(
                        "they start", () -> ProcessHandle.current().children().count() >= 3);
                PoolOwner.say("ready");
            }
            case "exit in a virtual thread" -> {
                deaf(open("exit", 1));
                Thread.ofVirtual().start(() -> System.exit(3));
            }
            case "exit while a hook drains" -> {
                drain(open("exit", 1), args[1], go);
                Thread.ofVirtual().start(() -> System.exit(3));
            }
            default -> throw new IllegalArgumentException(args[0]);
        }
        new CountDownLatch(1).await(); // a read would delay the exit
    }

    private static ProcessPool open(String name, int workers) {
        Duration grace = name.equals("unrelated") ? ChronoUnit.FOREVER.getDuration() : Duration.ofSeconds(25);
        return ProcessPool.open(c -> c.withName(name)
                .withWorkers(workers)
                .withMaxHeapMiB(32)
                .withShutdownGrace(grace)
                .withCancelGrace(Duration.ofMillis(100)));
    }

    private static PoolRun<Long> deaf(ProcessPool pool) {
        return PoolRun.start(pool, "deaf", Work::spin).awaitStart();
    }

    // One task runs and one waits in line; a hook waits for both, and forks a third.
    private static void drain(ProcessPool pool, String folder, String go) {
        PoolRun<Long> running = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
        PoolRun<Long> queued = PoolRun.start(pool, "queued", Work::pid);
        hook(() -> {
            PoolOwner.say(PoolRun.fail(pool, Work::pid));
            Work.touch(Path.of(folder, "drains").toString());
            PoolOwner.say(running.get() > 0);
            PoolOwner.say(queued.get() > 0);
        });
        PoolOwner.say("ready");
    }

    private static void limit(Duration grace, boolean otherPool) throws Exception {
        ProcessPool pool = ProcessPool.open(c -> c.withName("limited")
                .withWorkers(1)
                .withMaxHeapMiB(32)
                .withShutdownGrace(grace)
                .withCancelGrace(Duration.ofMillis(100)));
        PoolRun<Long> deaf = deaf(pool);
        PoolRun<Long> queued = PoolRun.start(pool, "queued", Work::pid);
        PoolRun<String> patient =
                otherPool ? PoolRun.start(open("patient", 1), Work::listen).awaitStart() : null;
        hook(() -> {
            PoolOwner.say(describe(deaf.failure()));
            PoolOwner.say(describe(queued.failure()));
            PoolOwner.say(patient == null || !patient.hasEnded());
        });
        PoolOwner.say("ready");
    }

    private static String describe(Throwable failure) {
        return (failure instanceof CancellationException ? "cancelled: " : "failed: ") + failure.getMessage();
    }

    private static void sayEnd(PoolRun<Long> task) {
        try {
            PoolOwner.say(task.get() > 0);
        } catch (Throwable e) {
            PoolOwner.say(e);
        }
    }

    /** What a hook does. */
    private interface Action {
        void run() throws Exception;
    }

    private static void hook(Action action) {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                action.run();
            } catch (Throwable e) {
                PoolOwner.say(e);
            }
        }));
    }
}
