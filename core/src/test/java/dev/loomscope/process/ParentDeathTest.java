package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParentDeathTest {

    /** The promise is 2 s; the rest is for a machine under load. */
    private static final Duration PROMISE = Duration.ofSeconds(2 + 3);

    @ParameterizedTest
    @ValueSource(strings = {"idle", "busy", "parental", "thrashing"})
    void noWorkerOutlivesAParentThatIsKilled(String mode) throws Exception {
        try (PoolOwner owner = PoolOwner.start(mode)) {
            assertThat(owner.readLine()).isNotNull();
            List<Long> workers = owner.descendants();
            assertThat(workers).isNotEmpty();

            owner.kill();

            Eventually.becomesTrue(
                    "no worker lives", PROMISE, () -> Pids.alive(workers).isEmpty());
        }
    }

    /** Six loops are the load for which 2 s are promised on two processors; the rest is for what else runs there. */
    @ParameterizedTest
    @ValueSource(strings = {"idle", "busy", "parental", "nested"})
    void noWorkerOutlivesKilledParentForLongOnLoadedMachine(String mode) throws Exception {
        Duration promise = Duration.ofSeconds(2 + 1);
        List<Process> load = new ArrayList<>();
        try (PoolOwner owner = PoolOwner.start(mode)) {
            assertThat(owner.readLine()).isNotNull();
            List<Long> workers = owner.descendants();
            for (int i = 0; i < 3 * Runtime.getRuntime().availableProcessors(); i++) {
                load.add(new ProcessBuilder("/bin/sh", "-c", "while :; do :; done").start());
            }

            owner.kill();
            long begun = System.nanoTime();

            Eventually.becomesTrue(
                    "no worker lives", promise, () -> Pids.alive(workers).isEmpty());
            System.out.printf("%s: the workers were gone after %d ms%n", mode, (System.nanoTime() - begun) / 1_000_000);
        } finally {
            load.forEach(Process::destroyForcibly);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"native", "critical"})
    void noWorkerThatIsBlockedInNativeCodeOutlivesAParentThatIsKilled(String mode) throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        noWorkerOutlivesAParentThatIsKilled(mode);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 60, 150, 300})
    void noWorkerOutlivesAParentThatIsKilledWhileItStartsThem(int millis) throws Exception {
        try (PoolOwner owner = PoolOwner.start("starting")) {
            assertThat(owner.readLine()).isEqualTo("starting");
            Eventually.becomesTrue(
                    "three are starting", () -> owner.descendants().size() >= 3);
            Thread.sleep(millis); // any moment of their start will do
            List<Long> workers = owner.descendants();

            owner.kill();

            Eventually.becomesTrue(
                    "no worker lives", PROMISE, () -> Pids.alive(workers).isEmpty());
        }
    }

    @RepeatedTest(3)
    void noWorkerOutlivesAParentThatIsKilledWhileItKillsOne() throws Exception {
        String marker = "600." + Work.pid() + System.nanoTime() % 1_000_000;
        try (PoolOwner owner = PoolOwner.startSpawning(marker)) {
            assertThat(owner.readLine()).isEqualTo("spawning");
            long worker = owner.children().getFirst();

            owner.cancel();
            while (Pids.stateOf(worker) != 'T' && Pids.isAlive(worker)) {
                Thread.onSpinWait(); // to be quicker than the parent with what it does next
            }
            List<Long> workers = owner.children();
            owner.kill();

            Eventually.becomesTrue(
                    "no worker lives", PROMISE, () -> Pids.alive(workers).isEmpty());
        } finally {
            for (long pid : Pids.withArgument(marker)) {
                Pids.signal("KILL", pid);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"idle", "busy", "parental", "starting"})
    void anExitOfTheParentIsQuickAndTakesAllWorkersAlong(String mode) throws Exception {
        try (PoolOwner owner = PoolOwner.start(mode)) {
            assertThat(owner.readLine()).isNotNull();
            List<Long> workers = owner.descendants();

            owner.exit();

            assertThat(owner.hasEnded(10)).isTrue();
            assertThat(Pids.alive(workers)).isEmpty();
        }
    }

    @Test
    void anExitThatWaitsForTasksWhichNobodyWillRunIsToldSo() throws Exception {
        try (PoolOwner owner = PoolOwner.start("crowded")) {
            assertThat(owner.readLine()).isEqualTo("crowded");

            owner.exit();

            assertThat(owner.readLine()).as("a task that was queued").contains("this JVM is about to exit");
            assertThat(owner.readLine()).as("a task that comes later").contains("this JVM is about to exit");
            assertThat(owner.hasEnded(10)).isTrue();
        }
    }

    @Test
    void aStartThatIsLateForTheExitOfItsParentDoesNotHoldUpAClose() throws Exception {
        try (PoolOwner owner = PoolOwner.start("late")) {
            assertThat(owner.readLine()).isEqualTo("late");

            owner.exit();

            assertThat(owner.hasEnded(10)).isTrue();
            assertThat(owner.readLine()).isEqualTo("closed");
        }
    }

    @Test
    void aTerminatedParentTakesAllWorkersAndTheirFoldersAlong() throws Exception {
        try (PoolOwner owner = PoolOwner.start("busy")) {
            assertThat(owner.readLine()).isNotNull();
            List<Long> workers = owner.descendants();
            assertThat(owner.folders()).isNotEmpty();

            owner.terminate();

            assertThat(owner.hasEnded(10)).isTrue();
            assertThat(Pids.alive(workers)).isEmpty();
            assertThat(owner.folders()).isEmpty();
        }
    }

    @Test
    void anOpenPoolDoesNotKeepItsProgramFromEnding() throws Exception {
        try (PoolOwner owner = PoolOwner.start("leaves")) {
            assertThat(owner.readLine()).isEqualTo("leaves");

            assertThat(owner.hasEnded(10)).isTrue();
        }
    }

    @Test
    void aFilterOfTheWholeJvmHoldsForResultsToo() throws Exception {
        try (PoolOwner owner = PoolOwner.start("filtered", "-Djdk.serialFilter=!java.util.BitSet")) {
            assertThat(owner.readLine()).startsWith(ResultRejectedException.class.getName());
        }
    }

    @Test
    void aClassPathWithOddNamesReachesTheWorker(@TempDir Path folder) throws Exception {
        Path odd = Files.createSymbolicLink(
                folder.resolve("it's \"odd\" #\\n {0}"), Path.of("target").toAbsolutePath());
        String classPath = System.getProperty("java.class.path")
                .replace(Path.of("target").toAbsolutePath().toString(), odd.toString());
        assertThat(classPath).contains("odd");
        try (PoolOwner owner = PoolOwner.startWithClassPath(classPath, "idle")) {
            assertThat(owner.readLine()).isEqualTo("true");
        }
    }

    @Test
    void theDebuggerOfTheParentIsNotThatOfItsWorkers() throws IOException {
        try (PoolOwner owner = PoolOwner.start(
                "idle", "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,quiet=y,address=127.0.0.1:0")) {
            assertThat(owner.readLine()).isEqualTo("true");
        }
    }
}
