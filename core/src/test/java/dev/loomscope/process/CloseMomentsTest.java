package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A pool is closed while one of its workers is at a point that does not last. */
class CloseMomentsTest {

    private static final int LOAD = 4_000_000; // more than fits a socket

    private final EventTrail events = new EventTrail();
    private final Set<Thread> before = workerThreads();

    @RegisterExtension
    final SystemProperties properties = new SystemProperties();

    @TempDir
    Path folder;

    @BeforeEach
    void moveTmpdir() {
        properties.set("java.io.tmpdir", folder);
    }

    private ProcessPool open(Duration grace) {
        return ProcessPool.open(c -> c.withName("moments")
                .withWorkers(1)
                .withMaxHeapMiB(64)
                .withCancelGrace(grace)
                .withListener(events));
    }

    private static Set<Thread> workerThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("loom-scope-w"))
                .collect(Collectors.toCollection(HashSet::new));
    }

    private void assertNothingIsLeft(ProcessPool pool) throws Exception {
        assertThat(pool.toString()).contains("0 of 1 workers, 0 starting, 0 idle, 0 tasks waiting, closed");
        assertThat(Pids.alive(events.pids())).isEmpty();
        Eventually.becomesTrue("no folder is left", () -> files().isEmpty());
        Eventually.becomesTrue("no thread is left", () -> before.containsAll(workerThreads()));
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }

    @Test
    void aPoolThatIsClosedAtAnyMomentOfAStartOrATaskLeavesNothingBehind() throws Exception {
        for (int millis : new int[] {0, 30, 80, 130, 180, 250, 400}) { // from the folder to the task
            try (ProcessPool pool = open(Duration.ofMillis(50))) {
                byte[] load = new byte[LOAD];
                PoolRun<Integer> run = PoolRun.start(pool, () -> {
                    Work.listen();
                    return load.length;
                });
                Thread.sleep(millis);

                pool.close();

                assertThat(run.failure())
                        .isInstanceOfAny(
                                CancellationException.class, IllegalStateException.class, InterruptedException.class);
                assertNothingIsLeft(pool);
            }
        }
    }

    @Test
    void aPoolIsClosedWhileATaskIsSentToAWorkerThatReadsNothing() throws Exception {
        ProcessPool pool = open(Duration.ofMillis(50));
        Pids.signal("STOP", PoolRun.run(pool, Work::pid));
        byte[] load = new byte[LOAD];
        PoolRun<Integer> sending = PoolRun.start(pool, () -> load.length);
        Eventually.becomesTrue("it is being sent", () -> pool.toString().contains("0 idle, 0 tasks waiting"));

        pool.close();

        assertThat(sending.failure()).isInstanceOf(CancellationException.class);
        assertNothingIsLeft(pool);
    }

    @Test
    void aPoolIsClosedWhileItKillsAWorker() throws Exception {
        ProcessPool pool = open(Duration.ZERO);
        PoolRun<Long> deaf = PoolRun.start(pool, Work::spin).awaitStart();

        deaf.cancel("enough");
        pool.close();

        assertThat(deaf.failure()).isInstanceOf(CancellationException.class).hasMessageContaining("enough");
        assertNothingIsLeft(pool);
    }

    @Test
    void aPoolIsClosedWhileItReplacesAWorkerThatHasCrashed() throws Exception {
        ProcessPool pool = open(Duration.ofMillis(50));
        Pids.signal("KILL", PoolRun.run(pool, Work::pid));
        Eventually.becomesTrue("another one starts", () -> pool.toString().contains("1 starting"));

        pool.close();

        assertNothingIsLeft(pool);
    }
}
