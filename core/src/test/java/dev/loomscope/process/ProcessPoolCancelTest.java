package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.event.ScopeEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessPoolCancelTest {

    private static final Duration LONG_GRACE = Duration.ofSeconds(20);

    @TempDir
    Path folder;

    private static final EventTrail patientEvents = new EventTrail();
    private static ProcessPool patient; // for tasks that cost no worker

    private final EventTrail events = new EventTrail();
    private ProcessPool pool; // of one test

    @BeforeAll
    static void openPatient() {
        patient = open(LONG_GRACE, patientEvents);
    }

    @AfterAll
    static void closePatient() {
        patient.close();
        assertThat(patientEvents.of(ScopeEvent.WorkerKilled.class)).isEmpty();
        assertThat(patientEvents.pids()).as("one worker for all of it").hasSize(1);
        assertThat(Pids.alive(patientEvents.pids())).isEmpty();
    }

    private static ProcessPool open(Duration grace, EventTrail events) {
        return ProcessPool.open(
                c -> c.withName("cancel").withWorkers(1).withCancelGrace(grace).withListener(events));
    }

    private void open(Duration grace) {
        pool = open(grace, events);
    }

    @AfterEach
    void close() {
        if (pool != null) {
            pool.close();
        }
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @Test
    void aDeafTaskIsKilledAfterTheGraceAndItsProcessIsDeadBeforeRunReturns() throws Exception {
        open(Duration.ofMillis(100));
        long pid = PoolRun.run(pool, Work::pid);
        PoolRun<Long> deaf = PoolRun.start(pool, "deaf", Work::spin).awaitStart();

        deaf.cancel("enough");

        assertThat(deaf.failure())
                .isInstanceOf(CancellationException.class)
                .hasMessageContaining("deaf")
                .hasMessageContaining("enough");
        assertThat(Pids.isAlive(pid)).isFalse();
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(pid);
        assertThat(events.await(ScopeEvent.WorkerKilled.class)).singleElement().satisfies(killed -> {
            assertThat(killed.pid()).isEqualTo(pid);
            assertThat(killed.reason()).contains("deaf").contains("100 ms").contains("enough");
        });
        assertThat(events.of(ScopeEvent.WorkerCrashed.class)).isEmpty();
    }

    @Test
    void whatADeafTaskHasStartedDiesWithIt() throws Exception {
        open(Duration.ZERO);
        String list = folder.resolve("sleepers").toString();
        PoolRun<Long> deaf = PoolRun.start(pool, () -> {
            List<Long> pids = Work.startSleepers(3, "600");
            Files.writeString(Path.of(list + ".new"), pids.toString().replaceAll("[\\[\\] ]", ""));
            Files.move(Path.of(list + ".new"), Path.of(list));
            return Work.spin();
        });
        Eventually.becomesTrue("the sleepers are there", () -> Files.exists(Path.of(list)));
        List<Long> sleepers = java.util.Arrays.stream(
                        Files.readString(Path.of(list)).split(","))
                .map(Long::valueOf)
                .toList();
        assertThat(Pids.alive(sleepers)).hasSize(3);

        deaf.cancel("enough");

        assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
        assertThat(Pids.alive(sleepers)).isEmpty();
    }

    @Test
    void aTaskThatListensIsOnlyInterruptedAndItsWorkerUsedAgain() throws Exception {
        long pid = PoolRun.run(patient, Work::pid);
        PoolRun<String> listening = PoolRun.start(patient, Work::listen).awaitStart();

        listening.cancel("enough");

        assertThat(listening.failure()).isInstanceOfAny(InterruptedException.class, CancellationException.class);
        assertThat(PoolRun.run(patient, Work::pid)).isEqualTo(pid);
        assertThat(patientEvents.of(ScopeEvent.WorkerKilled.class)).isEmpty();
    }

    @Test
    void aTaskThatAnswersTheInterruptWithAResultSucceeds() throws Exception {
        PoolRun<Long> listening =
                PoolRun.start(patient, Work::listenAndReturnPid).awaitStart();

        listening.cancel("enough");

        assertThat(listening.get()).isEqualTo(PoolRun.run(patient, Work::pid));
    }

    @Test
    void aCancelAtTheVeryStartIsNotLost() throws Exception {
        PoolRun.run(patient, Work::pid);

        for (int i = 0; i < 200; i++) {
            PoolRun<Long> listening =
                    PoolRun.start(patient, Work::listenAndReturnPid).awaitStart();
            listening.cancel("enough");
            Eventually.becomesTrue("task " + i + " hears of its cancel", Duration.ofSeconds(10), listening::hasEnded);
        }
    }

    @Test
    void anInterruptIsNeverLeftOverForTheNextTask() throws Exception {
        for (int i = 0; i < 200; i++) {
            PoolRun<Long> quick = PoolRun.start(patient, Work::pid).awaitStart();
            quick.cancel("too late or not");
            quick.get();
            assertThat(PoolRun.run(patient, () -> Thread.currentThread().isInterrupted()))
                    .isFalse();
        }
    }

    @Test
    void aSecondCancelDoesNotInterruptTheCleanUpAfterTheFirst() throws Exception {
        String cleaning = folder.resolve("cleaning").toString();
        String go = folder.resolve("go").toString();
        String listening = folder.resolve("listening").toString();
        PoolRun<String> run = PoolRun.start(patient, () -> {
            try {
                Work.touch(listening);
                return Work.listen();
            } catch (InterruptedException e) {
                Work.meet(cleaning, go);
                return "cleaned up";
            }
        });
        Eventually.becomesTrue("it listens", () -> Files.exists(Path.of(listening)));
        run.cancel("first");
        Eventually.becomesTrue("it cleans up", () -> Files.exists(Path.of(cleaning)));

        run.cancel("second");
        PoolRun<Long> next = PoolRun.start(patient, Work::pid);
        Work.touch(go);

        assertThat(run.get()).isEqualTo("cleaned up");
        next.get();
    }

    @Test
    void aTaskCancelledBeforeItIsRunNeverRuns() {
        open(LONG_GRACE);
        PoolRun<Long> run = PoolRun.prepare(pool, "early", Work::pid);

        run.cancel("changed my mind");

        assertThat(run.start().failure())
                .isInstanceOf(CancellationException.class)
                .hasMessageContaining("early")
                .hasMessageContaining("changed my mind");
        assertThat(events.all()).isEmpty();
    }

    @Test
    void aTaskCancelledWhileItWaitsEndsAtOnceAndNeverRuns() throws Exception {
        String ran = folder.resolve("ran").toString();
        PoolRun<String> busy = PoolRun.start(patient, Work::listen).awaitStart();
        PoolRun<Void> waiting = PoolRun.start(patient, () -> {
            Work.touch(ran);
            return null;
        });
        Eventually.becomesTrue("it waits", () -> patient.toString().contains("1 tasks waiting"));

        waiting.cancel("not needed");

        assertThat(waiting.failure()).isInstanceOf(CancellationException.class).hasMessageContaining("not needed");
        assertThat(busy.hasEnded()).isFalse();
        busy.cancel("end of test").failure();
        PoolRun.run(patient, Work::pid);
        assertThat(Path.of(ran)).doesNotExist();
    }

    @Test
    void aCancelAfterTheEndHasNoEffect() throws Exception {
        PoolRun<Long> run = PoolRun.start(patient, Work::pid);
        long pid = run.get();

        run.cancel("too late").cancel("far too late");

        assertThat(run.get()).isEqualTo(pid);
        assertThat(PoolRun.run(patient, Work::pid)).isEqualTo(pid);
    }

    @Test
    void theFirstReasonCounts() {
        open(Duration.ZERO);
        PoolRun<Long> deaf = PoolRun.start(pool, Work::spin).awaitStart();

        deaf.cancel("first").cancel("second");

        assertThat(deaf.failure()).hasMessageContaining("first").hasMessageNotContaining("second");
    }

    @Test
    void aTaskCancelledOnItsWayDoesNotCostAWorker() throws Exception {
        byte[] big = new byte[64 << 20];
        long pid = PoolRun.run(patient, Work::pid);

        for (int i = 0; i < 5; i++) {
            PoolRun<Integer> run = PoolRun.prepare(patient, "big", () -> big.length);
            run.start();
            Eventually.becomesTrue("it is on its way", () -> patient.toString().contains("0 idle"));
            if (i > 0) {
                Thread.sleep(i); // any point of the way will do
            }
            run.cancel("enough");
            Eventually.becomesTrue("the transfer ends", Duration.ofSeconds(10), run::hasEnded);
        }

        assertThat(PoolRun.run(patient, Work::pid)).isEqualTo(pid);
    }

    @Test
    void aTaskThatKeepsStartingProcessesLeavesNone() throws Exception {
        open(Duration.ZERO);
        String marker = "600." + Work.pid() + System.nanoTime() % 1_000_000;
        PoolRun<Void> run = PoolRun.start(pool, () -> {
            while (true) {
                Work.startSleepers(1, marker);
            }
        });
        try {
            Eventually.becomesTrue(
                    "they are many", () -> Pids.withArgument(marker).size() > 10);

            run.cancel("enough");

            assertThat(run.failure()).isInstanceOf(CancellationException.class);
            assertThat(Pids.withArgument(marker)).isEmpty();
        } finally {
            for (long pid : Pids.withArgument(marker)) {
                Pids.signal("KILL", pid);
            }
        }
    }
}
