package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessPoolCrashTest {

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(
                c -> c.withName("crashes").withWorkers(2).withMaxHeapMiB(64).withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    private static WorkerCrashedException crash(String name, Task<?> task) {
        Throwable failure = PoolRun.start(pool, name, task).failure();
        assertThat(failure).isInstanceOf(WorkerCrashedException.class);
        return (WorkerCrashedException) failure;
    }

    @Test
    void anExitCodeAndAllAboutTheCrashIsInTheException() throws Exception {
        WorkerCrashedException crash = crash("quits", () -> {
            System.err.println("good-bye, cruel world");
            System.exit(3);
            return null;
        });

        assertThat(crash.exitCode()).hasValue(3);
        assertThat(crash.signal()).isEmpty();
        assertThat(crash.started()).isTrue();
        assertThat(crash.crashFile()).isEmpty();
        assertThat(crash.stderrTail()).isEqualTo("good-bye, cruel world");
        assertThat(crash)
                .message()
                .contains("(pid " + crash.pid() + ")", "pool 'crashes'", "exit code 3", "in CPU task 'quits'")
                .contains("of 2 workers left, a new one starts", "System.exit", "good-bye, cruel world")
                .doesNotContain("null");
        assertThat(Pids.isAlive(crash.pid())).isFalse();
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(crash.pid());
    }

    @Test
    void anExitWithCodeZeroIsACrashToo() {
        WorkerCrashedException crash = crash("leaves", () -> {
            System.exit(0);
            return "never";
        });

        assertThat(crash.exitCode()).hasValue(0);
        assertThat(crash).hasMessageContaining("exit code 0");
    }

    @Test
    void aHaltIsACrash() {
        WorkerCrashedException crash = crash("halts", () -> {
            Runtime.getRuntime().halt(11);
            return "never";
        });

        assertThat(crash.exitCode()).hasValue(11);
    }

    @Test
    void aWorkerThatIsKilledFromOutsideIsReportedWithItsSignal() throws Exception {
        PoolRun<Long> busy = PoolRun.start(pool, "victim", Work::spin);
        long pid = Long.parseLong(busy.runner().replaceAll(".*pid (\\d+).*", "$1"));

        Pids.signal("KILL", pid);

        assertThat(busy.failure()).isInstanceOfSatisfying(WorkerCrashedException.class, crash -> {
            assertThat(crash.pid()).isEqualTo(pid);
            assertThat(crash.signal()).hasValue("SIGKILL");
            assertThat(crash.exitCode()).hasValue(137);
            assertThat(crash).hasMessageContaining("SIGKILL").hasMessageContaining("withMaxHeapMiB(64)");
        });
        assertThat(events.await(ScopeEvent.WorkerCrashed.class, pid))
                .singleElement()
                .satisfies(event -> assertThat(event.reason()).contains("SIGKILL"));
    }

    @Test
    void aCrashInNativeCodeIsReportedWithTheReportOfTheJvm() throws Exception {
        WorkerCrashedException crash = crash("segfault", () -> {
            Pids.signal("SEGV", Work.pid());
            return Work.spin();
        });

        assertThat(crash.signal()).hasValue("SIGSEGV");
        Path report = crash.crashFile().orElseThrow();
        assertThat(report).exists();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(report.getParent())))
                .isEqualTo("rwx------");
        assertThat(crash).hasMessageContaining("SIGSEGV").hasMessageContaining(report.toString());
        Files.delete(report);
        Files.delete(report.getParent());
    }

    @Test
    void anOutOfMemoryErrorComesBackAsItselfAndItsWorkerIsRetired() throws Exception {
        PoolRun<Integer> run = PoolRun.start(pool, "greedy", Work::exhaustMemory);
        long pid = Long.parseLong(run.runner().replaceAll(".*pid (\\d+).*", "$1"));

        assertThat(run.failure()).isInstanceOf(OutOfMemoryError.class);

        Eventually.becomesTrue("its worker is gone", () -> !Pids.isAlive(pid));
        assertThat(events.await(ScopeEvent.WorkerRetired.class, pid))
                .singleElement()
                .satisfies(event -> assertThat(event.reason()).contains("memory"));
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(pid);
    }

    @Test
    void aStackOverflowIsAnOrdinaryFailureAndTheWorkerIsKept() throws Exception {
        PoolRun<Integer> run = PoolRun.start(pool, "deep", () -> Work.recurse(0));
        String runner = run.runner();

        assertThat(run.failure()).isInstanceOf(StackOverflowError.class);
        PoolRun<Long> next = PoolRun.start(pool, Work::pid);

        assertThat(next.runner()).isEqualTo(runner);
        next.get();
    }

    @Test
    void aCrashFailsOneTaskAndNoOther() throws Exception {
        String go = folder.resolve("go").toString();
        PoolRun<Long> sibling = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
        List<PoolRun<Long>> others = new ArrayList<>();
        PoolRun<Long> culprit = PoolRun.start(pool, () -> {
            System.exit(5);
            return 0L;
        });
        for (int i = 0; i < 6; i++) {
            others.add(PoolRun.start(pool, Work::pid));
        }

        assertThat(culprit.failure()).isInstanceOf(WorkerCrashedException.class);
        for (PoolRun<Long> other : others) {
            assertThat(other.get()).isPositive();
        }
        assertThat(sibling.hasEnded()).isFalse();
        Files.createFile(Path.of(go));
        assertThat(sibling.get()).isPositive();
    }

    @Test
    void aTaskThatHadNotStartedIsSentToAnotherWorker() throws Exception {
        try (ProcessPool single = ProcessPool.open(c -> c.withWorkers(1).withListener(events))) {
            long frozen = PoolRun.run(single, Work::pid);
            Pids.signal("STOP", frozen);
            PoolRun<Long> run = PoolRun.start(single, Work::pid);
            Eventually.becomesTrue("it is sent", () -> single.toString().contains("0 idle, 0 tasks waiting"));

            Pids.signal("KILL", frozen);

            assertThat(run.get()).isNotEqualTo(frozen);
        }
    }

    @Test
    void aWorkerThatDiesIdleFailsNothing() throws Exception {
        try (ProcessPool single = ProcessPool.open(c -> c.withWorkers(1).withListener(events))) {
            long pid = PoolRun.run(single, Work::pid);
            Pids.signal("KILL", pid);
            events.await(ScopeEvent.WorkerCrashed.class, pid);

            assertThat(PoolRun.run(single, Work::pid)).isNotEqualTo(pid);
        }
    }

    @Test
    void aCrashIsReportedThoughAChildOfTheTaskHoldsItsOutputOpen() throws Exception {
        String marker = "600." + Work.pid() + "1";
        long before = System.nanoTime();
        try {
            WorkerCrashedException crash = crash("leaves a child", () -> {
                new ProcessBuilder("sleep", marker).inheritIO().start();
                System.err.println("last words");
                Runtime.getRuntime().halt(9);
                return null;
            });

            assertThat(crash.exitCode()).hasValue(9);
            assertThat(crash.stderrTail()).isEqualTo("last words");
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
        } finally {
            for (long pid : Pids.withArgument(marker)) {
                Pids.signal("KILL", pid);
            }
        }
    }

    @Test
    void onlyTheEndOfAVerboseStderrIsKept() {
        WorkerCrashedException crash = crash("verbose", () -> {
            for (int i = 1; i <= 1000; i++) {
                System.err.println("line " + i);
            }
            Runtime.getRuntime().halt(1);
            return null;
        });

        assertThat(crash.stderrTail()).endsWith("line 999\nline 1000").doesNotContain("line 900\n");
    }
}
