package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that need a larger heap than the others. */
class HeapPerTaskTest {

    private static final int NO_JVM_HAS_IT = 1 << 28; // 256 TiB: more than there are addresses

    @TempDir
    Path folder;

    private final EventTrail events = new EventTrail();
    private LogTrail log;

    @BeforeEach
    void quiet() {
        log = LogTrail.follow("dev.loomscope", Level.DEBUG);
    }

    @AfterEach
    void loud() {
        log.close();
    }

    private ProcessPool open(int workers) {
        return ProcessPool.open(c -> c.withName("sized")
                .withWorkers(workers)
                .withMaxHeapMiB(32)
                .withMemoryBudgetMiB(Integer.MAX_VALUE)
                .withListener(events));
    }

    /** What is really there: the collector keeps a part for itself. */
    private record Place(long pid, long heapMiB) implements java.io.Serializable {
        static Place here() {
            return new Place(Work.pid(), Runtime.getRuntime().maxMemory() >> 20);
        }
    }

    @Test
    void oneRunsInAWorkerThatHasItAndAnIdleOneIsRetiredToMakeRoom() throws Exception {
        try (ProcessPool pool = open(1)) {
            Place small = PoolRun.run(pool, Place::here);
            Place large = PoolRun.startWithHeap(pool, 96, Place::here).get();

            assertThat(small.heapMiB()).isLessThanOrEqualTo(32);
            assertThat(large.heapMiB()).isBetween(90L, 96L);
            assertThat(events.await(ScopeEvent.WorkerRetired.class, small.pid()))
                    .singleElement()
                    .satisfies(retired ->
                            assertThat(retired.reason()).isEqualTo("a task needs a heap of 96 MiB, it has 32"));
            assertThat(PoolRun.run(pool, Place::here)).isEqualTo(large); // it serves whoever comes
            assertThat(PoolRun.startWithHeap(pool, 64, Place::here).get()).isEqualTo(large);
            assertThat(PoolRun.startWithHeap(pool, 1, Place::here).get()).isEqualTo(large);
        }
        assertThat(events.pids()).hasSize(2);
    }

    @Test
    void oneThatFindsAllWorkersBusyWaitsForTheFirstThatIsFreeAndThoseBehindItWaitToo() throws Exception {
        String go = folder.resolve("go").toString();
        try (ProcessPool pool = open(1)) {
            PoolRun<Long> busy = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
            PoolRun<Place> large = PoolRun.startWithHeap(pool, 96, Place::here);
            Eventually.becomesTrue("it waits", () -> pool.toString().contains("1 tasks waiting"));
            PoolRun<Place> behind = PoolRun.start(pool, Place::here);
            Eventually.becomesTrue("both wait", () -> pool.toString().contains("2 tasks waiting"));

            Work.touch(go);

            assertThat(busy.get()).isPositive();
            assertThat(large.get().heapMiB()).isGreaterThanOrEqualTo(90);
            assertThat(behind.get()).isEqualTo(large.get());
        }
    }

    @Test
    void amongManyOfAllSizesEachHasWhatItNeedsAndThereAreNoMoreWorkersThanAllowed() throws Exception {
        Random random = new Random(7);
        List<Integer> sizes = random.ints(30, 1, 9).map(i -> i * 16).boxed().toList();
        try (ProcessPool pool = open(2)) {
            List<PoolRun<Place>> runs = new ArrayList<>();
            for (int size : sizes) {
                runs.add(PoolRun.startWithHeap(pool, size, Place::here));
            }
            for (int i = 0; i < sizes.size(); i++) {
                assertThat(runs.get(i).get().heapMiB()).isGreaterThanOrEqualTo(Math.round(sizes.get(i) * 0.9));
            }
            assertThat(pool.toString()).containsPattern("\\[sized: [12] of 2 workers");
        }
        assertThat(events.pids()).hasSizeLessThan(12);
    }

    @Test
    void oneThatNoJvmCanHaveFailsAloneAndTheOthersGoOn() throws Exception {
        String go = folder.resolve("go").toString();
        try (ProcessPool pool = open(2)) {
            PoolRun<Long> busy = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
            PoolRun<Place> impossible = PoolRun.startWithHeap(pool, NO_JVM_HAS_IT, Place::here);
            PoolRun<Place> behind = PoolRun.start(pool, Place::here);

            assertThat(impossible.failure())
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("3 starts have failed")
                    .hasMessageContaining("-Xmx268435456m");
            assertThat(behind.get().heapMiB()).isLessThanOrEqualTo(32);
            Work.touch(go);
            assertThat(busy.get()).isPositive();
        }
    }

    @Test
    void oneThatIsCancelledWhileItWaitsLeavesTheOthersTheirWorker() throws Exception {
        String go = folder.resolve("go").toString();
        try (ProcessPool pool = open(1)) {
            PoolRun<Long> busy = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
            PoolRun<Place> large = PoolRun.startWithHeap(pool, 96, Place::here);
            large.cancel("enough");
            assertThat(large.failure()).isInstanceOf(CancellationException.class);
            Work.touch(go);

            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(busy.get());
        }
    }

    @Test
    void aCrashReportNamesTheHeapThatItsWorkerHad() throws Exception {
        try (ProcessPool pool = open(1)) {
            PoolRun<Long> large =
                    PoolRun.startWithHeap(pool, 64, () -> Work.spin()).awaitStart();
            long pid = Long.parseLong(large.runner().replaceAll(".*pid (\\d+).*", "$1"));
            Pids.signal("KILL", pid);

            assertThat(large.failure()).hasMessageContaining("withMaxHeapMiB(64)");
        }
    }

    private static int lengthOf(byte[] large) {
        return large.length;
    }

    @Test
    void oneThatIsItselfLargerThanTheHeapOfThePoolArrives() throws Exception {
        byte[] large = new byte[40 << 20];
        try (ProcessPool pool = open(1)) {
            assertThat(PoolRun.startWithHeap(pool, 256, () -> lengthOf(large)).get())
                    .isEqualTo(40 << 20);
        }
    }

    @Test
    void aNegativeHeapIsRefused() {
        try (ProcessPool pool = open(1)) {
            assertThatThrownBy(() -> PoolRun.startWithHeap(pool, -1, Work::pid))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("CPU task 'task' cannot have a heap of -1 MiB");
        }
    }
}
