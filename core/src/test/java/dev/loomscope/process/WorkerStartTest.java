package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class WorkerStartTest {

    private static final Pattern TOKEN = Pattern.compile("[0-9a-f]{64}");

    @RegisterExtension
    final SystemProperties properties = new SystemProperties();

    @TempDir
    Path folder;

    private final EventTrail events = new EventTrail();
    private LogTrail log;

    // A temporary folder of our own: we look at all that a launch leaves there, and meet no other pool's socket.
    @BeforeEach
    void moveTmpdir() {
        properties.set("java.io.tmpdir", folder);
        log = LogTrail.follow("dev.loomscope", Level.TRACE);
    }

    @AfterEach
    void closeLog() {
        log.close();
    }

    private ProcessPool open(String... jvmOptions) {
        return ProcessPool.open(c -> c.withName("starts")
                .withWorkers(1)
                .withStartTimeout(Duration.ofSeconds(20))
                .withJvmOptions(jvmOptions)
                .withListener(events));
    }

    private List<Path> leftBehind() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void aBadJvmOptionFailsTheTaskSoonWithTheWordsOfTheJvm() throws Exception {
        long before = System.nanoTime();
        try (ProcessPool pool = open("-XX:NoSuchOption=7")) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("worker w3 of pool 'starts' could not be started")
                    .hasMessageContaining("exit code 1")
                    .hasMessageContaining("-XX:NoSuchOption=7")
                    .hasMessageContaining("Unrecognized VM option 'NoSuchOption=7'");
        }
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(15));
        Eventually.becomesTrue("the folder is gone", () -> leftBehind().isEmpty());
    }

    @Test
    void whatTheJvmHasAgainstItsOptionsIsInTheMessageWhereverItPrintsIt() {
        try (ProcessPool pool = open("-Xms2g")) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("Initial heap size set to a larger value than the maximum heap size");
        }
    }

    @Test
    void allTasksThatWaitFailWhenNoWorkerCanBeStarted() {
        try (ProcessPool pool = open("-XX:NoSuchOption=7")) {
            List<PoolRun<Long>> runs = Stream.generate(() -> PoolRun.start(pool, Work::pid))
                    .limit(5)
                    .toList();
            assertThat(runs).allSatisfy(run -> assertThat(run.failure()).isInstanceOf(WorkerStartException.class));
        }
    }

    @Test
    void aJvmThatDoesSomethingElseAndExitsIsNoWorker() {
        try (ProcessPool pool = open("--version")) {
            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("exit code 0")
                    .hasMessageContaining("--version");
        }
    }

    @Test
    void aWorkerThatConnectsAndDoesNotGetReadyLeavesNoOpenConnection() throws Exception {
        try (ProcessPool pool = open("-Djdk.serialFilter=!*")) { // which rejects the task that warms it up
            long before = openSockets();

            assertThat(PoolRun.fail(pool, Work::pid)).isInstanceOf(WorkerStartException.class);

            Eventually.becomesTrue("all connections are closed", () -> openSockets() <= before);
        }
    }

    private static long openSockets() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(WorkerStartTest::isSocket).count();
        }
    }

    private static boolean isSocket(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
        } catch (IOException e) {
            return false; // closed while we look
        }
    }

    @Test
    void aWorkerThatDoesNotGetReadyInTimeIsEndedAndItsTaskFails() throws Exception {
        Path pause = folder.resolve("paused");
        try (ProcessPool pool = ProcessPool.open(c -> c.withName("starts")
                .withWorkers(1)
                .withStartTimeout(Duration.ofMillis(1500))
                .withJvmOptions(
                        "-XX:+UnlockDiagnosticVMOptions", "-XX:+PauseAtStartup", "-XX:PauseAtStartupFile=" + pause))) {
            PoolRun<Long> run = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue("it pauses", () -> Files.exists(pause) || run.hasEnded());

            assertThat(run.failure())
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("was not ready after 1500 ms, and was killed")
                    .hasMessageContaining(
                            " If this machine was busy, raise withStartTimeout (1500 ms) or lower withWorkers(1).");
            assertThat(pool.toString()).contains("0 of 1 workers, 0 starting");
        }
        assertThat(ProcessHandle.current()
                        .children()
                        .filter(child -> Pids.isAlive(child.pid()))
                        .filter(child -> child.info().commandLine().orElse("").contains(folder.toString())))
                .isEmpty();
    }

    @Test
    void aPoolThatCouldNotStartAWorkerTriesAgainForTheNextTask() {
        try (ProcessPool pool = open("-XX:NoSuchOption=7")) {
            assertThat(PoolRun.fail(pool, Work::pid)).hasMessageContaining("worker w3");
            assertThat(PoolRun.fail(pool, Work::pid)).hasMessageContaining("worker w6");
        }
    }

    @Test
    void theFolderOfAWorkerHasOnlyTheMarkOfItsTasksOnceItIsReadyAndIsGoneOnceItHasEnded() throws Exception {
        try (ProcessPool pool = open()) {
            PoolRun.run(pool, Work::pid);

            Path own = leftBehind().getFirst();
            Eventually.becomesTrue("only the mark is left", () -> names(own).equals(List.of(WorkerFolder.BEGUN)));
        }
        Eventually.becomesTrue("the folder is gone", () -> leftBehind().isEmpty());
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    @Test
    void theFolderOfTheSocketIsForItsOwnerOnly() throws Exception {
        try (ProcessPool pool = open(
                "-XX:+UnlockDiagnosticVMOptions",
                "-XX:+PauseAtStartup",
                "-XX:PauseAtStartupFile=" + folder.resolve("paused"))) {
            PoolRun<Long> run = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue("it pauses", () -> Files.exists(folder.resolve("paused")));
            Path launch =
                    leftBehind().stream().filter(Files::isDirectory).findFirst().orElseThrow();

            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(launch)))
                    .isEqualTo("rwx------");
            Files.delete(folder.resolve("paused"));
            run.get();
        }
    }

    @Test
    void theSecretIsInNoArgumentEnvironmentOrLog() throws Exception {
        try (ProcessPool pool = open()) {
            long pid = PoolRun.run(pool, Work::pid);
            String arguments = Files.readString(Path.of("/proc/" + pid + "/cmdline"));
            String environment = Files.readString(Path.of("/proc/" + pid + "/environ"));
            String properties = PoolRun.run(pool, () -> System.getProperties().toString());

            assertThat(arguments).contains("java").doesNotContainPattern(TOKEN);
            assertThat(environment).doesNotContainPattern(TOKEN);
            assertThat(properties).doesNotContainPattern(TOKEN);
        }
        assertThat(log.messages())
                .isNotEmpty()
                .noneMatch(message -> TOKEN.matcher(message).find());
    }

    @Test
    void aStrangerAtTheSocketIsTurnedAwayAndTheWorkerStillGetsIn() throws Exception {
        try (ProcessPool pool = open()) {
            PoolRun<Long> run = PoolRun.start(pool, Work::pid);
            try (SocketChannel stranger = connectToLaunch()) {
                stranger.write(ByteBuffer.wrap(new byte[64]));

                assertThat(run.get()).isPositive();
            }
        }
        assertThat(events.of(ScopeEvent.WorkerStarted.class)).hasSize(1);
    }

    @Test
    void aStrangerWhoConnectsAndIsSilentKeepsNobodyOut() throws Exception {
        try (ProcessPool pool = open()) {
            PoolRun<Long> run = PoolRun.start(pool, Work::pid);
            try (SocketChannel stranger = connectToLaunch()) {
                assertThat(stranger.isConnected()).isTrue();
                Eventually.becomesTrue("the worker gets in", run::hasEnded);
                assertThat(run.get()).isPositive();
            }
        }
    }

    private SocketChannel connectToLaunch() throws Exception {
        CompletableFuture<SocketChannel> connected = new CompletableFuture<>();
        Eventually.becomesTrue("somebody listens", () -> {
            for (Path launch : leftBehind()) {
                try {
                    connected.complete(SocketChannel.open(UnixDomainSocketAddress.of(launch.resolve("s"))));
                } catch (IOException e) {
                    return false; // not yet
                }
            }
            return connected.isDone();
        });
        return connected.join();
    }

    @Test
    void aTemporaryFolderWithALongPathIsNoObstacle() throws Exception {
        Path deep = Files.createDirectories(folder.resolve("a-very-long-name-".repeat(8)));
        properties.set("java.io.tmpdir", deep);
        try (ProcessPool pool = open()) {
            assertThat(PoolRun.run(pool, () -> "over TCP")).isEqualTo("over TCP");
        }
    }
}
