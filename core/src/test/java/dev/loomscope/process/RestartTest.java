package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Workers that come and go leave nothing behind. As often as {@code -Drestarts} says (8). */
class RestartTest {

    private static final int RESTARTS = Integer.getInteger("restarts", 8);
    private static final int WARM_UP = 4;
    private static final int OF_THE_JVM = 3; // it starts and ends compilers and collectors as it needs them

    private final EventTrail events = new EventTrail();

    @RegisterExtension
    final SystemProperties properties = new SystemProperties();

    @TempDir
    Path folder;

    /** What a JVM could lose some of with each worker. */
    private record Footprint(long descriptors, long threads, long zombies, long folders) {

        static Footprint of(Path folder) throws IOException {
            return new Footprint(
                    count(Path.of("/proc/self/fd")),
                    count(Path.of("/proc/self/task")),
                    ProcessHandle.current()
                            .children()
                            .filter(child -> Pids.stateOf(child.pid()) == 'Z')
                            .count(),
                    count(folder));
        }

        private static long count(Path folder) throws IOException {
            try (Stream<Path> files = Files.list(folder)) {
                return files.count();
            }
        }

        boolean isAtMost(Footprint other) {
            return descriptors <= other.descriptors
                    && threads <= other.threads + OF_THE_JVM
                    && zombies <= other.zombies
                    && folders <= other.folders;
        }
    }

    @BeforeEach
    void moveTmpdir() {
        properties.set("java.io.tmpdir", folder);
    }

    @Test
    @Timeout(3600)
    @Tag("slow")
    void workersThatCrashAreKilledOrRetiredLeaveNothingBehind() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                .withMaxHeapMiB(32)
                .withCancelGrace(Duration.ZERO)
                .withListener(events))) {
            for (int i = 0; i < WARM_UP; i++) {
                endWorker(pool, i);
            }
            PoolRun.run(pool, Work::pid); // a worker is there, before and after
            Footprint before = settled(pool, null);

            for (int i = 0; i < RESTARTS; i++) {
                endWorker(pool, i);
            }
            PoolRun.run(pool, Work::pid);

            Footprint after = settled(pool, before);
            System.out.printf("%d restarts, before %s, after %s%n", RESTARTS, before, after);
            assertThat(events.pids()).hasSizeGreaterThan(RESTARTS);
        }
        Eventually.becomesTrue("no folder is left", () -> Footprint.count(folder) == 0);
        assertThat(Pids.alive(events.pids())).isEmpty();
        Path perfData = Path.of("/tmp", "hsperfdata_" + System.getProperty("user.name"));
        assertThat(events.pids()).noneMatch(pid -> Files.exists(perfData.resolve(String.valueOf(pid))));
    }

    private static void endWorker(ProcessPool pool, int round) throws Exception {
        switch (round % 4) {
            case 0 -> assertThat(PoolRun.fail(pool, RestartTest::halt)).isInstanceOf(WorkerCrashedException.class);
            case 1 ->
                PoolRun.start(pool, Work::spin).awaitStart().cancel("enough").failure(); // is killed
            case 2 -> assertThat(PoolRun.fail(pool, Work::exhaustMemory)).isInstanceOf(OutOfMemoryError.class);
            default -> Pids.signal("KILL", PoolRun.run(pool, Work::pid)); // idle
        }
    }

    private static long halt() {
        Runtime.getRuntime().halt(3);
        return 0;
    }

    // What ends takes its threads along a moment later.
    private Footprint settled(ProcessPool pool, Footprint limit) throws Exception {
        Footprint[] last = new Footprint[1];
        try {
            Eventually.becomesTrue("it is as before", Duration.ofSeconds(20), () -> {
                boolean quiet =
                        pool.toString().contains("1 of 1 workers, 0 starting, 1 idle") && Footprint.count(folder) <= 1;
                Footprint now = Footprint.of(folder);
                boolean still = now.equals(last[0]);
                last[0] = now;
                Thread.sleep(200);
                return quiet && (limit == null ? still : now.isAtMost(limit));
            });
        } catch (AssertionError e) {
            throw new AssertionError("%s; before it was %s; %s".formatted(last[0], limit, pool), e);
        }
        return last[0];
    }
}
