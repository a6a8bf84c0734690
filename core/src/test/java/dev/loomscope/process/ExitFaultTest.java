package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.user.Quitter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that end the JVM they run in, in every way there is. */
class ExitFaultTest {

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(
                c -> c.withName("exits").withWorkers(2).withMaxHeapMiB(64).withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    private static WorkerCrashedException crash(Task<?> task) throws Exception {
        return Crashes.by(pool, task);
    }

    private static List<String> methods(Throwable throwable) {
        return Arrays.stream(throwable.getStackTrace())
                .map(frame -> frame.getClassName() + "." + frame.getMethodName())
                .toList();
    }

    @Test
    void anExitHasTheStackOfItsCallAsTheCause() throws Exception {
        WorkerCrashedException crash = crash(() -> Quitter.quit(3));

        assertThat(crash.exitCode()).hasValue(3);
        assertThat(crash.signal()).isEmpty();
        assertThat(methods(crash.getCause()))
                .containsExactly("java.lang.Runtime.exit", "java.lang.System.exit", Quitter.class.getName() + ".quit");
        assertThat(crash.getCause())
                .hasMessageContaining("System.exit")
                .hasMessageContaining("loom-scope-task-w")
                .hasMessageContaining("(pid " + crash.pid() + ")");
        assertThat(crash).hasMessageContaining("exit code 3").hasMessageContaining("cause has the stack");
    }

    @Test
    void anExitWithCodeZeroHasTheStackOfItsCallToo() throws Exception {
        WorkerCrashedException crash = crash(() -> Quitter.quit(0));

        assertThat(crash.exitCode()).hasValue(0);
        assertThat(methods(crash.getCause())).contains(Quitter.class.getName() + ".quit");
    }

    @Test
    void anExitWithTheCodeOfASignalIsNotTakenForOne() throws Exception {
        WorkerCrashedException crash = crash(() -> Quitter.quit(137));

        assertThat(crash.exitCode()).hasValue(137);
        assertThat(crash.signal()).isEmpty();
        assertThat(crash).hasMessageContaining("System.exit").hasMessageNotContaining("SIGKILL");
    }

    @Test
    void anExitByAnotherThreadNamesThatThread() throws Exception {
        WorkerCrashedException crash = crash(() -> Quitter.quitElsewhere(4, "the culprit"));

        assertThat(crash).hasMessageContaining("exit code 4").hasMessageContaining("'the culprit'");
        assertThat(methods(crash.getCause())).contains(Quitter.class.getName() + ".quit");
    }

    @Test
    void anExitByAVirtualThreadIsKnownAsAnExit() throws Exception {
        WorkerCrashedException crash = crash(() -> Quitter.quitOnVirtualThread(5));

        assertThat(crash.exitCode()).hasValue(5);
        assertThat(crash).hasMessageContaining("System.exit").hasMessageContaining("virtual");
    }

    @Test
    void anExitOfAnIdleWorkerFailsNoTaskAndIsInItsEvent(@TempDir Path folder) throws Exception {
        String hasReplied = folder.resolve("has replied").toString();
        try (ProcessPool single = ProcessPool.open(c -> c.withWorkers(1).withListener(events))) {
            long pid = PoolRun.run(single, () -> {
                Thread later = new Thread(
                        () -> {
                            while (!Files.exists(Path.of(hasReplied))) {
                                LockSupport.parkNanos(1_000_000);
                            }
                            Quitter.quit(6);
                        },
                        "left behind");
                later.start();
                return Work.pid();
            });
            Files.createFile(Path.of(hasReplied));

            assertThat(events.await(ScopeEvent.WorkerCrashed.class, pid))
                    .singleElement()
                    .satisfies(event -> assertThat(event.reason()).contains("exit code 6", "'left behind'"));
            assertThat(PoolRun.run(single, Work::pid)).isNotEqualTo(pid);
        }
    }

    @Test
    void aShutdownHookThatHangsDoesNotKeepAnExitFromBeingReported() throws Exception {
        WorkerCrashedException crash = crash(() -> {
            Runtime.getRuntime().addShutdownHook(new Thread(Work::spin));
            return Quitter.quit(7);
        });

        assertThat(crash)
                .hasMessageContaining("shutdown hooks did not end")
                .hasMessageContaining("System.exit")
                .hasMessageNotContaining("Somebody killed it");
        assertThat(methods(crash.getCause())).contains(Quitter.class.getName() + ".quit");
    }

    @Test
    void aShutdownHookOfATaskRunsWhenItsWorkerIsRetired() throws Exception {
        try (LogTrail log = LogTrail.follow("dev.loomscope.worker", ch.qos.logback.classic.Level.INFO)) {
            try (ProcessPool single = ProcessPool.open(c -> c.withWorkers(1).withListener(events))) {
                PoolRun.run(single, () -> {
                    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook was here")));
                    return 1;
                });
            }
            Eventually.becomesTrue(
                    "its line has come", () -> log.messages().stream().anyMatch(m -> m.endsWith("hook was here")));
        }
    }

    @Test
    void aShutdownHookMayTakeItsTimeWhenItsWorkerIsRetired() throws Exception {
        try (LogTrail log = LogTrail.follow("dev.loomscope.worker", ch.qos.logback.classic.Level.INFO)) {
            try (ProcessPool single = ProcessPool.open(c -> c.withWorkers(1))) {
                PoolRun.run(single, () -> {
                    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                        LockSupport.parkNanos(800_000_000);
                        System.out.println("all is written");
                    }));
                    return 1;
                });
            }
            Eventually.becomesTrue(
                    "its line has come", () -> log.messages().stream().anyMatch(m -> m.endsWith("all is written")));
        }
    }

    @Test
    void aWorkerThatHasSaidThatItExitsGetsNoOtherTask() throws Exception {
        byte[] call = {0, 1, 'x', 0};
        try (ProcessPool single = HostileWorker.open(c -> c)) {
            long pid = PoolRun.run(single, Work::pid);
            PoolRun.run(single, HostileWorker::takeOver);
            PoolRun.run(single, () -> {
                HostileWorker.say(Frame.Type.EXITING, 0, false, call);
                HostileWorker.sayResult(null);
                return null;
            });

            assertThat(PoolRun.run(single, Work::pid)).isNotEqualTo(pid);
        }
    }

    @Test
    void aHaltHasNoStackAndSaysSo() throws Exception {
        WorkerCrashedException crash = crash(() -> {
            Runtime.getRuntime().halt(8);
            return 0;
        });

        assertThat(crash.exitCode()).hasValue(8);
        assertThat(crash).hasNoCause().hasMessageContaining("Runtime.halt");
    }

    @Test
    void anExitByNativeCodeIsACrash() throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        WorkerCrashedException crash = crash(() -> NativeCode.call("_exit", 9));

        assertThat(crash.exitCode()).hasValue(9);
        assertThat(crash).hasMessageContaining("exit code 9");
    }

    @Test
    void anAbortByNativeCodeIsReportedWithItsSignal() throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        WorkerCrashedException crash = crash(() -> NativeCode.call("abort"));

        assertThat(crash.signal()).hasValue("SIGABRT");
        Crashes.deleteReport(crash);
    }
}
