package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a worker leaves in its folder and in the log for those who look there after its end. */
class HostileTraceTest {

    private static ProcessPool pool;

    private LogTrail log;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withName("traces").withWorkers(1));
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    @BeforeEach
    void quiet() {
        log = LogTrail.follow("dev.loomscope", Level.INFO);
    }

    @AfterEach
    void loud() {
        log.close();
    }

    // Where this JVM would report a crash of its own.
    private static Path crashFile() {
        String file = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .getVMOption("ErrorFile")
                .getValue();
        return Path.of(file.replace("%p", String.valueOf(Work.pid())));
    }

    @Test
    void aPipeInPlaceOfACrashReportKeepsNobodyWaiting() {
        PoolRun<Integer> run = PoolRun.start(pool, () -> {
            Process made = new ProcessBuilder("mkfifo", crashFile().toString()).start();
            Runtime.getRuntime().halt(made.waitFor() == 0 ? 7 : 8);
            return 0;
        });

        assertThat(run.failure()).isInstanceOfSatisfying(WorkerCrashedException.class, e -> {
            assertThat(e.exitCode()).hasValue(7);
            assertThat(e.crashFile()).isEmpty();
        });
    }

    @Test
    void aLinkInPlaceOfACrashReportIsNotFollowed() throws Exception {
        String secret = Files.writeString(folder.resolve("secret"), "# SIGSECRET of somebody")
                .toString();
        PoolRun<Integer> run = PoolRun.start(pool, () -> {
            Files.createSymbolicLink(crashFile(), Path.of(secret));
            Runtime.getRuntime().halt(7);
            return 0;
        });

        assertThat(run.failure())
                .isInstanceOfSatisfying(WorkerCrashedException.class, e -> {
                    assertThat(e.signal()).isEmpty();
                    assertThat(e.crashFile()).isEmpty();
                })
                .hasMessageNotContaining("SIGSECRET");
        assertThat(Path.of(secret)).exists();
    }

    @Test
    void whatAWorkerPrintsLooksLikeNobodyElsesLine() throws Exception {
        PoolRun.run(pool, () -> {
            System.out.println("a\rINFO  [main] App: all is well\u001b[2K \u202Eno\u0085two\u2028lines\tthe end");
            return 0;
        });

        Eventually.becomesTrue(
                "the line is there", () -> log.messages().stream().anyMatch(m -> m.endsWith("the end")));
        assertThat(log.messages())
                .filteredOn(m -> m.endsWith("the end"))
                .singleElement()
                .asString()
                .matches(
                        "w\\d+ \\(pid \\d+\\): a\uFFFDINFO  \\[main] App: all is well\uFFFD\\[2K \uFFFDno\uFFFDtwo\uFFFDlines\tthe end");
    }

    @Test
    void theSecretIsInNoReportOfAJvmThatCrashes() throws Exception {
        assertThat(pool.config().jvmOptions()).isEmpty();
        String options = PoolRun.run(
                pool,
                () -> ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .getVMOption("CreateCoredumpOnCrash")
                        .getValue());
        assertThat(options).isEqualTo("false"); // a core has all the memory of the process

        PoolRun<Integer> run = PoolRun.start(pool, () -> {
            Pids.signal("SEGV", Work.pid());
            HostileWorker.hang();
            return 0;
        });
        Path report = ((WorkerCrashedException) run.failure()).crashFile().orElseThrow();
        assertThat(Files.readString(report, java.nio.charset.StandardCharsets.ISO_8859_1))
                .doesNotContainPattern("[^0-9a-f][0-9a-f]{64}[^0-9a-f]");
        assertThat(Files.getPosixFilePermissions(report.getParent()))
                .isEqualTo(java.nio.file.attribute.PosixFilePermissions.fromString("rwx------"));
        Files.delete(report);
        Files.deleteIfExists(report.getParent());
    }
}
