package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.event.ScopeEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The parent stands still, for longer than all that it allows its workers. */
class StandstillTest {

    private static final Duration START = Duration.ofSeconds(3);
    private static final Duration GRACE = Duration.ofMillis(1_500);
    private static final Duration SHORT_GRACE = Duration.ofMillis(300);
    private static final long STANDSTILL_MILLIS =
            Math.max(START.toMillis() + 500, 1_000 * Long.getLong("standstill.seconds", 0));

    @TempDir
    Path folder;

    /** A program with one worker that computes, one that ends what was cancelled, and one that starts. */
    static final class Owner {

        /** Takes the path of a file that its task waits for. */
        public static void main(String[] args) throws Exception {
            EventTrail events = new EventTrail();
            String go = args[0];
            try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(3)
                    .withMaxHeapMiB(32)
                    .withStartTimeout(START)
                    .withCancelGrace(GRACE)
                    .withListener(events))) {
                PoolRun<Long> busy =
                        PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
                PoolRun<Long> cancelled =
                        PoolRun.start(pool, StandstillTest::cleanUp).awaitStart();
                PoolRun<Long> starting = PoolRun.start(pool, () -> Work.awaitFile(go));
                cancelled.cancel("enough");
                Eventually.becomesTrue(
                        "there are three processes",
                        () -> ProcessHandle.current().children().count() == 3);
                PoolOwner.say("stop me");
                System.in.read(); // a wait with a limit of its own would be over after the standstill

                PoolOwner.say(cancelled.get() > 0 && busy.get() > 0 && starting.get() > 0);
                Eventually.becomesTrue("all are ready", () -> events.pids().size() >= 3);
                PoolOwner.say(events.pids().stream().sorted().toList());
            }
            PoolOwner.say(events.of(ScopeEvent.WorkerKilled.class).size()
                    + events.of(ScopeEvent.WorkerCrashed.class).size());
        }
    }

    // Listens, but needs a moment, in which its parent is stopped.
    private static long cleanUp() throws InterruptedException {
        long pid = Work.listenAndReturnPid();
        Thread.sleep(GRACE.toMillis() / 2);
        return pid;
    }

    @Test
    @Timeout(3600)
    @Tag("slow")
    void aParentThatWasStoppedKillsNobodyAndNobodyLeaves() throws Exception {
        String go = folder.resolve("go").toString();
        try (PoolOwner owner = PoolOwner.startProgram(List.of(), Owner.class, go)) {
            assertThat(owner.readLine()).isEqualTo("stop me");

            Pids.signal("STOP", owner.pid());
            List<Long> workers = Pids.alive(owner.children());
            Thread.sleep(STANDSTILL_MILLIS); // the fault is that time passes
            assertThat(Pids.alive(workers)).as("without their parent").isEqualTo(workers);
            Work.touch(go);
            Pids.signal("CONT", owner.pid());
            owner.goOn();

            assertThat(workers).hasSize(3);
            assertThat(owner.readLine()).isEqualTo("true");
            assertThat(owner.readLine())
                    .as("the same workers")
                    .isEqualTo(workers.stream().sorted().toList().toString());
            assertThat(owner.readLine()).as("that did not end in peace").isEqualTo("0");
        }
    }

    /** A program that collects its garbage for longer than the grace period of a task that listens. */
    static final class Collector {

        private record Link(Collector.Link next) {}

        /** Takes the path of a file that its task makes. */
        public static void main(String[] args) throws Exception {
            EventTrail events = new EventTrail();
            String heard = args[0];
            try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                    .withMaxHeapMiB(32)
                    .withCancelGrace(SHORT_GRACE)
                    .withListener(events))) {
                PoolRun<Long> task = PoolRun.start(pool, () -> cleanUp(heard)).awaitStart();
                Link chain = null; // a collection follows it from link to link
                while (collect() < 3 * SHORT_GRACE.toMillis()) {
                    for (int i = 0; i < 5_000_000; i++) {
                        chain = new Link(chain);
                    }
                }
                task.cancel("enough");
                Eventually.becomesTrue("the task has heard it", () -> Files.exists(Path.of(heard)));
                PoolOwner.say(collect() > SHORT_GRACE.toMillis());
                PoolOwner.say(task.get() > 0 && chain != null);
            }
            PoolOwner.say(events.of(ScopeEvent.WorkerKilled.class).size()
                    + events.of(ScopeEvent.WorkerCrashed.class).size());
        }

        private static long collect() {
            long begin = System.nanoTime();
            System.gc();
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        }

        private static long cleanUp(String heard) throws Exception {
            long pid = Work.listenAndReturnPid();
            Work.touch(heard);
            Thread.sleep(SHORT_GRACE.toMillis() / 2);
            return pid;
        }
    }

    @Test
    @Tag("slow")
    void aParentThatCollectsItsGarbageForLongKillsNobody() throws Exception {
        String heard = folder.resolve("heard").toString();
        try (PoolOwner owner = PoolOwner.startProgram(Collector.class, List.of(heard), "-Xmx2g", "-Xmn256m")) {
            assertThat(owner.readLine()).as("the collection took long enough").isEqualTo("true");
            assertThat(owner.readLine()).isEqualTo("true");
            assertThat(owner.readLine()).as("that did not end in peace").isEqualTo("0");
        }
    }

    @Test
    void aDelayThatWasOverInAStandstillIsNotOverAtItsEnd() throws Exception {
        // the timer's thread is kept busy, as if the whole JVM had stood still
        long[] ended = new long[1];
        CountDownLatch fired = new CountDownLatch(1);
        PatientDelay.schedule(Duration.ofMillis(200), () -> {
            ended[0] = System.nanoTime();
            fired.countDown();
        });
        long[] stillUntil = new long[1];
        PoolTimer.schedule(Duration.ofMillis(10), () -> {
            sleep(500);
            stillUntil[0] = System.nanoTime();
        });

        assertThat(fired.await(30, TimeUnit.SECONDS)).isTrue();

        assertThat(Duration.ofNanos(ended[0] - stillUntil[0])).isGreaterThanOrEqualTo(Duration.ofMillis(150));
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
