package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.loomscope.core.TaskAction;
import dev.loomscope.core.TaskNotSerializableException;
import java.io.PrintStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What workers do before they are ready. */
class WorkerInitTest {

    @TempDir
    Path folder;

    private LogTrail log;

    @BeforeEach
    void quiet() {
        log = LogTrail.follow("dev.loomscope", Level.DEBUG);
    }

    @AfterEach
    void loud() {
        log.close();
    }

    private static ProcessPool open(int workers, TaskAction init) {
        return ProcessPool.open(c -> c.withName("prepared").withWorkers(workers).withWorkerInit(init));
    }

    @Test
    void runsOnceInEachWorkerBeforeItsFirstTask() throws Exception {
        String list = folder.resolve("list").toString();
        TaskAction init = () -> {
            System.setProperty("test.init", String.valueOf(Work.pid()));
            Files.writeString(Files.createTempFile(Path.of(list).getParent(), "init", ""), "was here");
        };
        try (ProcessPool pool = open(2, init)) {
            String first = folder.resolve("first").toString();
            String second = folder.resolve("second").toString();
            PoolRun<Long> one = PoolRun.start(pool, () -> Work.meet(first, second));
            PoolRun<Long> other = PoolRun.start(pool, () -> Work.meet(second, first));
            assertThat(one.get()).isNotEqualTo(other.get());

            for (int i = 0; i < 4; i++) {
                assertThat(PoolRun.run(pool, () -> System.getProperty("test.init") + " " + Work.pid()))
                        .matches("(\\d+) \\1");
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.filter(file -> file.getFileName().toString().startsWith("init")))
                    .hasSize(2);
        }
    }

    private static void breakDown() {
        throw new IllegalStateException("no licence");
    }

    @Test
    void whatItThrowsFailsTheStartAndTasksThatWaitFailWithItAndItsRemoteStack() throws Exception {
        long before = System.nanoTime();
        try (ProcessPool pool = open(1, () -> breakDown())) {
            List<PoolRun<Long>> runs = Stream.generate(() -> PoolRun.start(pool, Work::pid))
                    .limit(3)
                    .toList();
            assertThat(runs)
                    .allSatisfy(run -> assertThat(run.failure())
                            .isInstanceOf(WorkerStartException.class)
                            .hasMessageContaining("3 starts have failed within")
                            .hasMessageContaining(
                                    "worker w3 of pool 'prepared' could not be started: its init threw java.lang.IllegalStateException: no licence")
                            .cause()
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessage("no licence")
                            .satisfies(thrown -> assertThat(thrown.getStackTrace())
                                    .extracting(StackTraceElement::getMethodName)
                                    .startsWith("breakDown")
                                    .contains("forked by")));
            assertThat(pool.toString()).contains("0 of 1 workers, 0 starting");
            Eventually.becomesTrue(
                    "no process is left",
                    () -> ProcessHandle.current()
                            .children()
                            .noneMatch(child -> Pids.isAlive(child.pid())
                                    && child.info().commandLine().orElse("").contains("prepared")));
        }
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
    }

    /** Neither it nor its stand-in may take anything else down. */
    private static final class Unsendable extends RuntimeException {
        @SuppressWarnings("unused")
        private final Object thread = Thread.currentThread();

        Unsendable() {
            super("cannot travel");
        }
    }

    @Test
    void anExceptionThatCannotTravelIsToldByItsStandIn() {
        try (ProcessPool pool = open(1, () -> {
            throw new Unsendable();
        })) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .cause()
                    .isInstanceOf(RemoteTaskException.class)
                    .hasMessageContaining("cannot travel");
        }
    }

    @Test
    void oneThatExitsFailsTheStartWithItsExitCode() {
        try (ProcessPool pool = open(1, () -> Runtime.getRuntime().halt(7))) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("its process ended with exit code 7");
        }
    }

    @Test
    void oneThatDoesNotEndIsKilledWhenTheStartHasTakenTooLong() {
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withStartTimeout(Duration.ofMillis(1500)).withWorkerInit(() -> Work.spin()))) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("was not ready after 1500 ms, and was killed")
                    .hasMessageContaining(
                            "Look at what the action of withWorkerInit waits for. If this machine was busy, raise withStartTimeout (1500 ms)");
        }
    }

    private static void startSleeperAnd(String end, String pids) throws Exception {
        Files.writeString(
                Files.createTempFile(Path.of(pids), "pid", ""),
                String.valueOf(Work.startSleepers(1, "600").getFirst()));
        switch (end) {
            case "halt" -> Runtime.getRuntime().halt(7);
            case "spin" -> Work.spin();
            default -> breakDown();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"throw", "halt", "spin"})
    void aProcessThatItHasStartedEndsWithTheStartThatFails(String end) throws Exception {
        String pids = folder.toString();
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                .withStartTimeout(Duration.ofSeconds(5))
                .withWorkerInit(() -> startSleeperAnd(end, pids)))) {
            assertThat(PoolRun.fail(pool, Work::pid)).isInstanceOf(WorkerStartException.class);
        }
        List<Long> sleepers = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                sleepers.add(Long.valueOf(Files.readString(file)));
            }
        }
        assertThat(sleepers).isNotEmpty();
        assertThat(Pids.alive(sleepers)).isEmpty();
    }

    @Test
    void oneThatRunsOutOfMemoryFailsTheStartWithThat() {
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(24).withWorkerInit(() -> Work.exhaustMemory()))) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasCauseInstanceOf(OutOfMemoryError.class);
        }
    }

    @Test
    void aTaskSurvivesAnInitThatFailsOnce() throws Exception {
        String once = folder.resolve("once").toString();
        try (ProcessPool pool = open(1, () -> Files.createFile(Path.of(once)))) {
            long pid = PoolRun.run(pool, Work::pid);
            Pids.signal("KILL", pid);
            PoolRun<Long> second = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue(
                    "the start of the next has failed",
                    () -> log.messages(Level.WARN).stream()
                            .anyMatch(message ->
                                    message.contains("its init threw java.nio.file.FileAlreadyExistsException")));
            Files.delete(Path.of(once));

            assertThat(second.get()).isNotEqualTo(pid);
        }
    }

    @Test
    void whatCannotBeSentIsAnErrorWhereItIsConfigured() {
        List<Thread> captured = new ArrayList<>(List.of(Thread.currentThread()));

        assertThatThrownBy(() -> ProcessPoolConfig.defaults()
                        .withWorkerInit(() -> captured.getFirst().interrupt()))
                .isInstanceOf(TaskNotSerializableException.class)
                .hasMessageContaining("java.lang.Thread");
    }

    @Test
    void whatItDoesToTheWorkersStreamsStays() throws Exception {
        String file = folder.resolve("out").toString();
        try (ProcessPool pool = open(1, () -> System.setOut(new PrintStream(file)))) {
            PoolRun.run(pool, () -> {
                System.out.println("into the file");
                return 0;
            });
            PoolRun.run(pool, () -> {
                System.out.println("and again");
                return 0;
            });
        }
        assertThat(Path.of(file)).hasContent("into the file\nand again\n");
    }

    @Test
    void workersOfAWorkerRunItToo() throws Exception {
        try (ProcessPool pool = open(1, () -> System.setProperty("test.init", "done"))) {
            assertThat(PoolRun.run(
                            pool,
                            () -> PoolRun.run(ProcessPool.shared(), () -> System.getProperty("test.init", "never"))))
                    .isEqualTo("done");
        }
    }
}
