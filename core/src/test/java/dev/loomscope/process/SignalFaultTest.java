package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.loomscope.event.ScopeEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signals that reach a worker from outside, or that native code in it raises. */
class SignalFaultTest {

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withName("signals")
                .withWorkers(1)
                .withCancelGrace(Duration.ofMillis(100))
                .withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM", "HUP"})
    void aWorkerLeavesASignalThatAsksItToEndToItsParent(String signal) throws Exception {
        String ready = folder.resolve("ready").toString();
        String go = folder.resolve("go").toString();
        PoolRun<Long> run = PoolRun.start(pool, () -> Work.meet(ready, go));
        Eventually.becomesTrue("it runs", () -> Files.exists(Path.of(ready)));
        long pid = run.pid();

        Pids.signal(signal, pid);
        Work.touch(go);

        assertThat(run.get()).isEqualTo(pid);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM", "HUP"})
    void aWorkerLeavesSuchASignalToItsParentBeforeAnyCodeOfTheUserRuns(String signal) throws Exception {
        try (ProcessPool own = ProcessPool.open(c -> c.withName("early")
                .withWorkers(1)
                .withWorkerInit(
                        () -> Pids.signal(signal, ProcessHandle.current().pid())))) {

            assertThat(PoolRun.run(own, Work::pid)).isEqualTo(PoolRun.run(own, Work::pid));
        }
    }

    @Test
    void aProcessThatATaskStartsDoesEndAtSuchASignal() throws Exception {
        Integer exit = PoolRun.run(pool, () -> {
            Process child = new ProcessBuilder("sleep", "60").start();
            child.destroy();
            return child.waitFor();
        });

        assertThat(exit).isEqualTo(128 + 15);
    }

    @Test
    void aWorkerThatIsStoppedInItsTaskIsKilledAfterACancel() throws Exception {
        PoolRun<Long> run = PoolRun.start(pool, Work::listenAndReturnPid);
        long pid = run.pid();
        Pids.signal("STOP", pid);

        run.cancel("enough");

        assertThat(run.failure()).isInstanceOf(CancellationException.class).hasMessageContaining("enough");
        assertThat(Pids.isAlive(pid)).isFalse();
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(pid);
    }

    @Test
    void aWorkerThatIsStoppedForAWhileLosesNothing() throws Exception {
        String go = folder.resolve("go").toString();
        PoolRun<Long> run = PoolRun.start(pool, () -> Work.awaitFile(go));
        long pid = run.pid();
        Pids.signal("STOP", pid);
        Work.touch(go);

        Pids.signal("CONT", pid);

        assertThat(run.get()).isEqualTo(pid);
    }

    @Test
    void aTaskForAStoppedIdleWorkerCanBeCancelledAndTheNextFindsAnother() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);
        Pids.signal("STOP", pid);
        PoolRun<Long> run = PoolRun.start(pool, Work::pid);
        Eventually.becomesTrue("it is sent", () -> pool.toString().contains("0 idle, 0 tasks waiting"));

        run.cancel("enough");

        assertThat(run.failure()).isInstanceOf(CancellationException.class);
        assertThat(Pids.isAlive(pid)).isFalse();
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(pid);
    }

    @Test
    void anAccessToMemoryThatIsNotThereInNativeCodeIsReportedWithTheReportOfTheJvm() throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        WorkerCrashedException crash = Crashes.by(pool, () -> NativeCode.call("memset", 8, 1, 1));

        assertThat(crash.signal()).hasValue("SIGSEGV");
        assertThat(crash.crashFile())
                .hasValueSatisfying(file -> assertThat(file).exists());
        assertThat(crash).hasMessageContaining("native code").hasMessageContaining("hs_err");
        Crashes.deleteReport(crash);
    }

    @Test
    void aWorkerThatKillsItselfIsReportedAsKilled() throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        WorkerCrashedException crash = Crashes.by(pool, () -> NativeCode.call("raise", 9));

        assertThat(crash.signal()).hasValue("SIGKILL");
        assertThat(events.await(ScopeEvent.WorkerCrashed.class, crash.pid())).hasSize(1);
    }

    @Test
    void aWorkerThatGoesBeyondALimitOfTheSystemIsToldWithThatLimit() throws Exception {
        PoolRun<Long> run = PoolRun.start(pool, Work::listenAndReturnPid);

        Pids.signal("XCPU", run.pid());

        assertThat(run.failure())
                .isInstanceOf(WorkerCrashedException.class)
                .hasMessageContaining("SIGXCPU")
                .hasMessageContaining("ulimit -t");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM", "HUP"})
    void aSignalToTheWholeGroupOfAParentThatGoesOnCostsNoTask(String signal) throws Exception {
        String ready = folder.resolve("ready").toString();
        String go = folder.resolve("go").toString();
        try (PoolOwner owner = PoolOwner.startInGroupOfItsOwn("patient", ready, go)) {
            assertThat(owner.readLine()).isEqualTo("patient");
            Eventually.becomesTrue("its task runs", () -> Files.exists(Path.of(ready)));

            owner.signalGroup(signal);
            Work.touch(go);

            assertThat(owner.readLine()).as("the same worker after it").isEqualTo("true");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INT", "TERM", "HUP"})
    void aSignalToTheWholeGroupOfAParentThatEndsLeavesNoProcess(String signal) throws Exception {
        try (PoolOwner owner = PoolOwner.startInGroupOfItsOwn("busy")) {
            assertThat(owner.readLine()).isEqualTo("busy");
            List<Long> workers = owner.descendants();
            assertThat(workers).isNotEmpty();

            owner.signalGroup(signal);

            assertThat(owner.hasEnded(20)).isTrue();
            assertThat(Pids.alive(workers)).isEmpty();
        }
    }
}
