package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Temporary folders in which no socket can be: the same over the loopback interface. */
class TransportFallbackTest {

    private static final Pattern TOKEN = Pattern.compile("[0-9a-f]{64}");

    @RegisterExtension
    final SystemProperties properties = new SystemProperties();

    @TempDir
    Path folder;

    private final EventTrail events = new EventTrail();
    private LogTrail log;

    /** A folder that is missing cannot be written to by anybody, not even by root. */
    @BeforeEach
    void loseTmpdir() {
        properties.set("java.io.tmpdir", folder.resolve("missing"));
        log = LogTrail.follow("dev.loomscope", Level.TRACE);
    }

    @AfterEach
    void closeLog() {
        log.close();
    }

    private ProcessPool open(String... jvmOptions) {
        return ProcessPool.open(c -> c.withName("ports")
                .withWorkers(1)
                .withCancelGrace(Duration.ZERO)
                .withJvmOptions(jvmOptions)
                .withListener(events));
    }

    @Test
    void withoutATemporaryFolderWorkersDoAllTheyDo() throws Exception {
        try (ProcessPool pool = open()) {
            long pid = PoolRun.run(pool, Work::pid);
            assertThat(PoolRun.run(pool, () -> "x".repeat(300_000))).hasSize(300_000);
            assertThat(Files.readString(Path.of("/proc/" + pid + "/cmdline")))
                    .contains(WorkerMain.class.getName())
                    .doesNotContainPattern(TOKEN);

            PoolRun<Long> deaf = PoolRun.start(pool, Work::spin).awaitStart();
            deaf.cancel("enough");
            assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
            assertThat(Pids.isAlive(pid)).isFalse();

            assertThat(PoolRun.fail(pool, () -> {
                        Pids.signal("KILL", Work.pid());
                        return Work.spin();
                    }))
                    .isInstanceOf(WorkerCrashedException.class)
                    .hasMessageContaining("SIGKILL");
            assertThat(PoolRun.run(pool, Work::pid)).isPositive();
        }
        assertThat(log.messages()).noneMatch(message -> TOKEN.matcher(message).find());
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @Test
    void aPathTooLongForASocketStillHoldsTheRest() throws Exception {
        Path deep = Files.createDirectories(folder.resolve("a-very-long-name-".repeat(8)));
        properties.set("java.io.tmpdir", deep);
        try (ProcessPool pool = open()) {
            long pid = PoolRun.run(pool, Work::pid);

            assertThat(Files.readString(Path.of("/proc/" + pid + "/cmdline"))).contains("@" + deep);
            assertThat(PoolRun.fail(pool, () -> {
                        Pids.signal("SEGV", Work.pid());
                        return Work.spin();
                    }))
                    .isInstanceOfSatisfying(
                            WorkerCrashedException.class,
                            crash -> assertThat(crash.crashFile())
                                    .hasValueSatisfying(
                                            report -> assertThat(report).startsWith(deep)));
        }
    }

    @Test
    void aStrangerAtThePortIsTurnedAwayAndTheWorkerStillGetsIn() throws Exception {
        Path pause = folder.resolve("paused");
        try (ProcessPool pool =
                open("-XX:+UnlockDiagnosticVMOptions", "-XX:+PauseAtStartup", "-XX:PauseAtStartupFile=" + pause)) {
            List<Integer> before = listeningPorts();
            PoolRun<Long> run = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue("it pauses", () -> Files.exists(pause));
            List<Integer> ports = new ArrayList<>(listeningPorts());
            ports.removeAll(before);
            assertThat(ports).hasSize(1);
            InetSocketAddress port = new InetSocketAddress(InetAddress.getLoopbackAddress(), ports.getFirst());

            try (SocketChannel silent = SocketChannel.open(port);
                    SocketChannel stranger = SocketChannel.open(port)) {
                stranger.write(ByteBuffer.wrap(new byte[64]));
                assertThat(hasHungUp(stranger)).isTrue();
                Files.delete(pause);

                assertThat(run.get()).isPositive();
                assertThat(hasHungUp(silent)).isTrue();
            }
            assertThat(listeningPorts()).doesNotContain(ports.getFirst());
        }
        assertThat(events.of(ScopeEvent.WorkerStarted.class)).hasSize(1);
    }

    private static boolean hasHungUp(SocketChannel channel) {
        try {
            return channel.read(ByteBuffer.allocate(1)) < 0;
        } catch (IOException e) {
            return true; // without having read all that we sent
        }
    }

    /** The ports at which this JVM listens, on the loopback interface only. */
    private static List<Integer> listeningPorts() throws IOException {
        Set<String> own = ownSockets();
        List<Integer> ports = new ArrayList<>();
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            if (Files.exists(Path.of(table))) {
                try (Stream<String> lines = Files.lines(Path.of(table))) {
                    lines.map(line -> line.strip().split("\\s+"))
                            .filter(cells -> cells[3].equals("0A") && own.contains("socket:[" + cells[9] + "]"))
                            .map(cells -> cells[1].split(":"))
                            .filter(local -> local[0].endsWith("0100007F"))
                            .forEach(local -> ports.add(Integer.parseInt(local[1], 16)));
                }
            }
        }
        return ports;
    }

    private static Set<String> ownSockets() throws IOException {
        Set<String> sockets = new HashSet<>();
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            for (Path file : files.toList()) {
                try {
                    sockets.add(Files.readSymbolicLink(file).toString());
                } catch (IOException e) {
                    // closed while we look
                }
            }
        }
        return sockets;
    }

    @Test
    void theEndOfAWorkerWithoutAFolderIsNotThatOfOthersWithoutOne() throws Exception {
        try (ProcessPool pool = open();
                PoolOwner other = PoolOwner.start("busy", "-Djava.io.tmpdir=" + folder.resolve("missing"))) {
            assertThat(other.readLine()).isEqualTo("busy");
            List<Long> workers = other.descendants();

            PoolRun.run(pool, Work::pid);
            pool.close();

            assertThat(Pids.alive(workers)).isEqualTo(workers);
        }
    }

    @Test
    void noWorkerOutlivesAParentThatIsKilled() throws Exception {
        try (PoolOwner owner = PoolOwner.start("busy", "-Djava.io.tmpdir=" + folder.resolve("missing"))) {
            assertThat(owner.readLine()).isEqualTo("busy");
            List<Long> workers = owner.descendants();
            assertThat(workers).isNotEmpty();

            owner.kill();

            Eventually.becomesTrue("no worker lives", () -> Pids.alive(workers).isEmpty());
        }
    }

    @Test
    void aParentThatPrefersTheOtherLoopbackAddressFindsItsWorkers() throws Exception {
        try (PoolOwner owner = PoolOwner.start(
                "idle", "-Djava.io.tmpdir=" + folder.resolve("missing"), "-Djava.net.preferIPv6Addresses=true")) {
            assertThat(owner.readLine()).isEqualTo("true");
        }
    }

    @Test
    void aTemporaryFolderOnAReadOnlyFileSystemIsNoObstacle() throws Exception {
        Path readOnly = Files.createDirectory(folder.resolve("readonly"));
        TinyApp app = new TinyApp(folder);
        Path classes = app.compile("classes", "\"over a port\"");
        List<String> command = new ArrayList<>(List.of(
                "unshare", "-m", "sh", "-c", "mount -t tmpfs -o ro none \"$0\" && exec \"$@\"", readOnly.toString()));
        assumeTrue(mayMount(command), "only root may mount a file system here");

        command.addAll(
                TinyApp.javaCommand("-Djava.io.tmpdir=" + readOnly, "-cp", TinyApp.classPath(classes), "app.Main"));

        assertThat(TinyApp.said(app.run(Map.of(), command))).containsExactly("over a port", "over a port");
    }

    private static boolean mayMount(List<String> command) throws Exception {
        List<String> probe = new ArrayList<>(command);
        probe.add("true");
        try {
            return new ProcessBuilder(probe).start().waitFor() == 0;
        } catch (IOException e) {
            return false; // no unshare
        }
    }

    @Test
    void aClassPathThatNeedsAFileSaysSoWhereThereCanBeNone() throws Exception {
        try (ProcessPool pool = open()) {
            properties.set(
                    "java.class.path", System.getProperty("java.class.path") + ":" + folder + "/x".repeat(100_000));

            assertThat(PoolRun.fail(pool, Work::pid))
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("too long for a command line: make java.io.tmpdir writable");
        }
    }

    @Test
    void itIsLoggedOnceThatThereIsNoFolder() throws Exception {
        try (ProcessPool pool = open()) {
            PoolRun.run(pool, Work::pid);
            Pids.signal("KILL", PoolRun.run(pool, Work::pid));
            PoolRun.run(pool, Work::pid);
        }
        assertThat(log.messages(Level.WARN).stream()
                        .filter(message -> message.contains("no folder for workers can be made"))
                        .count())
                .isLessThanOrEqualTo(1);
    }
}
