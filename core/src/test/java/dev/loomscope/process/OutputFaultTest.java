package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Level;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What tasks do to the standard streams of their worker, which are also those of its lifeline and of the parent's log. */
class OutputFaultTest {

    private static final int LINE = 100;
    private static final int TEN_MB = 10_000_000;

    private static ProcessPool pool;

    private LineCount count;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withWorkers(1));
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    @BeforeEach
    void begin() {
        count = LineCount.begin();
    }

    @AfterEach
    void end() {
        count.close();
    }

    private static byte[] line(char letter) {
        byte[] line = new byte[LINE];
        Arrays.fill(line, (byte) letter);
        line[LINE - 1] = '\n';
        return line;
    }

    private static long flood(OutputStream stream, int bytes) throws IOException {
        byte[] line = line('x');
        for (int i = 0; i < bytes / LINE; i++) {
            stream.write(line);
        }
        stream.flush();
        return Work.pid();
    }

    @Test
    void aHundredMegabytesOnSystemOutCostNeitherTheResultNorTheWorkerNorMemoryHere() throws Exception {
        long pid = PoolRun.run(pool, () -> {
            byte[] line = new byte[1000];
            Arrays.fill(line, (byte) 'y');
            line[999] = '\n';
            for (int i = 0; i < 100_000; i++) {
                System.out.write(line);
            }
            return Work.pid();
        });

        count.await(100_000, 0);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void tenMegabytesOnTheFileDescriptorsArriveWholeAndTheWorkerIsKept() throws Exception {
        long pid = PoolRun.run(pool, () -> {
            flood(new FileOutputStream(FileDescriptor.err), TEN_MB);
            return flood(new FileOutputStream(FileDescriptor.out), TEN_MB);
        });

        count.await(TEN_MB / LINE, TEN_MB / LINE);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void tenMegabytesOfAChildWithInheritedStreamsArriveWholeAndTheWorkerIsKept() throws Exception {
        long pid = PoolRun.run(pool, () -> {
            String script = "yes %s | head -c %d; yes %s | head -c %d >&2"
                    .formatted("x".repeat(LINE - 1), TEN_MB, "x".repeat(LINE - 1), TEN_MB);
            new ProcessBuilder("/bin/sh", "-c", script).inheritIO().start().waitFor();
            return Work.pid();
        });

        count.await(TEN_MB / LINE, TEN_MB / LINE);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void tenMegabytesByNativeCodeArriveWholeAndTheWorkerIsKept() throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        long pid = PoolRun.run(pool, () -> {
            int size = 1_000_000;
            int line = 1_000;
            long text = NativeCode.call("malloc", size);
            NativeCode.call("memset", text, 'x', size);
            for (int end = line; end <= size; end += line) {
                NativeCode.call("memset", text + end - 1, '\n', 1);
            }
            for (int i = 0; i < 10; i++) {
                NativeCode.call("write", 1, text, size);
            }
            return Work.pid();
        });

        count.await(10_000, 0);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void aTaskThatClosesItsStreamsDoesNotSilenceTheNext() throws Exception {
        try (LogTrail log = LogTrail.follow(WorkerOutput.LOGGER, Level.INFO)) {
            PoolRun.run(pool, () -> {
                System.out.close();
                System.err.close();
                return 1;
            });
            PoolRun.run(pool, () -> {
                System.out.println("still on out");
                System.err.println("still on err");
                return 2;
            });

            Eventually.becomesTrue(
                    "both lines have come",
                    () -> log.messages().stream().anyMatch(m -> m.endsWith("still on out"))
                            && log.messages().stream().anyMatch(m -> m.endsWith("still on err")));
        }
    }

    @Test
    void aTaskThatClosesTheFileDescriptorsSilencesItsWorkerAndLosesNoResult() throws Exception {
        try (ProcessPool silenced = ProcessPool.open(c -> c.withWorkers(1))) {
            long pid = PoolRun.run(silenced, () -> {
                new FileOutputStream(FileDescriptor.out).close();
                new FileOutputStream(FileDescriptor.err).close();
                new FileInputStream(FileDescriptor.in).close();
                return Work.pid();
            });

            assertThat(PoolRun.run(silenced, () -> {
                        System.out.println("nobody hears it");
                        return Work.pid();
                    }))
                    .isEqualTo(pid);
        }
    }

    @Test
    void aTaskThatReplacesSystemOutHasItsOwnAndTheNextTaskTheWorkers() throws Exception {
        try (LogTrail log = LogTrail.follow(WorkerOutput.LOGGER, Level.INFO)) {
            String captured = PoolRun.run(pool, () -> {
                var bytes = new java.io.ByteArrayOutputStream();
                System.setOut(new java.io.PrintStream(bytes, true));
                System.out.print("for me only");
                return bytes.toString();
            });
            PoolRun.run(pool, () -> {
                System.out.println("for the log");
                return 1;
            });

            assertThat(captured).isEqualTo("for me only");
            Eventually.becomesTrue(
                    "the line has come", () -> log.messages().stream().anyMatch(m -> m.endsWith("for the log")));
            assertThat(log.messages()).noneMatch(m -> m.contains("for me only"));
        }
    }

    @Test
    void aTaskThatReadsTheFileDescriptorOfStdinDoesNotWaitAndTakesNothingFromTheLifeline() throws Exception {
        String read = PoolRun.run(pool, () -> {
            try {
                return "read " + new FileInputStream(FileDescriptor.in).read();
            } catch (IOException e) {
                return "nothing to read";
            }
        });

        assertThat(read).isIn("read -1", "nothing to read");
    }

    @Test
    void aChildThatInheritsStdinFindsItEmpty() throws Exception {
        Boolean ended = PoolRun.run(pool, () -> {
            Process child = new ProcessBuilder("cat").inheritIO().start();
            boolean exited = child.waitFor(10, TimeUnit.SECONDS);
            child.destroyForcibly();
            return exited;
        });

        assertThat(ended).isTrue();
    }
}
