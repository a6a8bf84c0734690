package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of CPU tasks when their JVM is asked to end: each test has a JVM of its own, which is. */
class ShutdownTest {

    /** The promise is 1 s; the rest is for a machine under load. */
    private static final Duration QUICK = Duration.ofSeconds(1 + 1);

    @TempDir
    Path folder;

    private PoolOwner start(String mode) throws Exception {
        List<String> ownGroup = List.of("env", "--default-signal=INT,TERM,HUP", "setsid");
        PoolOwner owner = PoolOwner.startProgram(ownGroup, ShutdownOwner.class, mode, folder.toString());
        assertThat(owner.readLine()).isEqualTo("ready");
        return owner;
    }

    private void letTasksGo() throws Exception {
        Work.touch(folder.resolve("go").toString());
    }

    @ParameterizedTest
    @CsvSource({"TERM, false", "INT, false", "HUP, false", "INT, true", "TERM, true"})
    void signalEndsProgramThatNothingDrainsAtOnceThoughItsTaskIsDeaf(String signal, boolean wholeGroup)
            throws Exception {
        try (PoolOwner owner = start("plain")) {
            List<Long> workers = owner.descendants();
            assertThat(workers).isNotEmpty();
            long begun = System.nanoTime();

            if (wholeGroup) {
                owner.signalGroup(signal);
            } else {
                Pids.signal(signal, owner.pid());
            }

            assertThat(owner.hasEnded(20)).isTrue();
            assertThat(Pids.alive(workers)).isEmpty();
            assertThat(owner.folders()).isEmpty();
            assertQuick(begun);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "main ends"})
    void severalReasonsToEndAtOnceAreNoHooks(String mode) throws Exception {
        try (PoolOwner owner = start(mode)) {
            List<Long> workers = owner.descendants();
            assertThat(workers).isNotEmpty();
            long begun = System.nanoTime();

            owner.goOn();
            new ProcessBuilder(
                            "/bin/sh", "-c", "kill -TERM %1$d; kill -INT %1$d; kill -HUP %1$d".formatted(owner.pid()))
                    .start()
                    .waitFor();

            assertThat(owner.hasEnded(20)).isTrue();
            assertThat(Pids.alive(workers)).isEmpty();
            assertQuick(begun);
        }
    }

    private static void assertQuick(long begun) {
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
        System.out.printf("the end took %d ms%n", millis);
        assertThat(millis).isLessThan(QUICK.toMillis());
    }

    @RepeatedTest(4) // the order in which hooks start is a matter of chance
    void tasksThatRunOrWaitEndWhileAnotherHookWaitsForThemAndNoOtherIsTaken() throws Exception {
        try (PoolOwner owner = start("draining")) {
            Pids.signal("TERM", owner.pid());

            assertDrains(owner);
        }
    }

    private void assertDrains(PoolOwner owner) throws Exception {
        assertThat(owner.readLine())
                .as("a fork while it drains")
                .contains("RejectedExecutionException", "'drained'", "'task'", "shutdown has begun");
        Eventually.becomesTrue("it drains", () -> Files.exists(folder.resolve("drains")));
        List<Long> workers = owner.children();
        Thread.sleep(300); // longer than it takes to give up looking for other hooks
        assertThat(Pids.alive(workers)).hasSize(1);
        long begun = System.nanoTime();

        letTasksGo();

        assertThat(owner.readLine()).as("the task that ran").isEqualTo("true");
        assertThat(owner.readLine()).as("the task that waited").isEqualTo("true");
        assertThat(owner.hasEnded(20)).isTrue();
        assertThat(Pids.alive(workers)).isEmpty();
        assertThat(owner.folders()).isEmpty();
        assertQuick(begun);
    }

    @Test
    void taskThatWasForkedBeforeGetsFirstWorkerOfItsPoolDuringShutdown() throws Exception {
        try (PoolOwner owner = start("first task")) {
            Pids.signal("TERM", owner.pid());

            assertThat(owner.readLine()).isEqualTo("true");
            assertThat(owner.hasEnded(20)).isTrue();
        }
    }

    @Test
    void poolWithoutWorkersKnowsOfShutdown() throws Exception {
        try (PoolOwner owner = start("idle pool")) {
            Pids.signal("TERM", owner.pid());

            assertThat(owner.readLine()).contains("RejectedExecutionException", "shutdown has begun");
            assertThat(owner.hasEnded(20)).isTrue();
        }
    }

    @RepeatedTest(2)
    void taskEndsWhileHookRunsThatHasNothingToDoWithIt() throws Exception {
        try (PoolOwner owner = start("unrelated hook")) {
            Pids.signal("TERM", owner.pid());
            Thread.sleep(300); // longer than it takes to give up looking for other hooks

            letTasksGo();

            assertThat(owner.readLine()).isEqualTo("true");
            Work.touch(folder.resolve("end").toString());
            assertThat(owner.hasEnded(20)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"limit", "limit of all", "no grace"})
    void tasksAreCancelledAndKilledWhenShutdownGraceIsOver(String mode) throws Exception {
        try (PoolOwner owner = start(mode)) {
            long begun = System.nanoTime();

            Pids.signal("TERM", owner.pid());

            String grace =
                    "shutdown grace of pool 'limited' (%d ms) is over".formatted(mode.equals("no grace") ? 0 : 300);
            assertThat(owner.readLine()).startsWith("cancelled: ").contains(grace, "this JVM");
            assertThat(owner.readLine()).startsWith("cancelled: ").contains(grace, "'queued'");
            assertThat(owner.readLine()).as("the task of another pool goes on").isEqualTo("true");
            assertThat(owner.hasEnded(20)).isTrue();
            assertQuick(begun);
        }
    }

    @Test
    void taskThatShutdownInterruptsFailsWithReason() throws Exception {
        try (PoolOwner owner = start("listening")) {
            Pids.signal("TERM", owner.pid());

            assertThat(owner.readLine())
                    .startsWith("cancelled: ")
                    .contains("shutdown grace of pool 'limited' (300 ms) is over");
            assertThat(owner.hasEnded(20)).isTrue();
        }
    }

    @Test
    void workerThatIsKilledDuringShutdownIsReplacedAndNotSaidToHaveRunOutOfMemory() throws Exception {
        try (PoolOwner owner = start("crash")) {
            Pids.signal("TERM", owner.pid());
            Pids.signal("KILL", Long.parseLong(owner.readLine()));

            assertThat(owner.readLine())
                    .containsIgnoringCase("this JVM is shutting down")
                    .doesNotContainIgnoringCase("somebody")
                    .doesNotContain("memory");
            assertThat(owner.readLine()).as("the next task has another worker").isEqualTo("true");
            assertThat(owner.hasEnded(20)).isTrue();
        }
    }

    @Test
    void hookMayClosePool() throws Exception {
        try (PoolOwner owner = start("close")) {
            long begun = System.nanoTime();

            Pids.signal("TERM", owner.pid());

            assertThat(owner.readLine()).contains("cancelled", "process pool 'closed' was closed");
            assertThat(owner.hasEnded(20)).isTrue();
            assertQuick(begun);
        }
    }

    @Test
    void prewarmThatIsUnderWayDoesNotDelayExit() throws Exception {
        try (PoolOwner owner = start("prewarm")) {
            List<Long> workers = owner.descendants();
            long begun = System.nanoTime();

            Pids.signal("TERM", owner.pid());

            assertThat(owner.hasEnded(20)).isTrue();
            assertThat(Pids.alive(workers)).isEmpty();
            assertQuick(begun);
        }
    }

    @Test
    void exitThatVirtualThreadCallsIsQuick() throws Exception {
        try (PoolOwner owner =
                PoolOwner.startProgram(List.of(), ShutdownOwner.class, "exit in a virtual thread", folder.toString())) {
            assertThat(owner.hasEnded(20)).isTrue();
            assertThat(owner.folders()).isEmpty();
        }
    }

    @Test
    void exitThatVirtualThreadCallsLetsHooksWaitForTasks() throws Exception {
        try (PoolOwner owner = start("exit while a hook drains")) {
            assertThat(owner.readLine()).contains("shutdown has begun");
            Thread.sleep(300); // longer than it takes to give up looking for other hooks

            letTasksGo();

            assertThat(owner.readLine()).isEqualTo("true");
            assertThat(owner.readLine()).isEqualTo("true");
            assertThat(owner.hasEnded(20)).isTrue();
        }
    }

    @Test
    void secondSignalChangesNothing() throws Exception {
        try (PoolOwner owner = start("draining")) {
            Pids.signal("TERM", owner.pid());
            Eventually.becomesTrue("it drains", () -> Files.exists(folder.resolve("drains")));
            Pids.signal("TERM", owner.pid());
            Pids.signal("INT", owner.pid());

            assertDrains(owner);
        }
    }
}
