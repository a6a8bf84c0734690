package dev.loomscope.process;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks with larger heaps than the others, and little memory for all of them: 128 MiB, for four workers of 32. */
class HeapBudgetTest {

    private static final int BUDGET = 128;
    private static final int SMALL = 32;

    @TempDir
    Path folder;

    private final EventTrail events = new EventTrail();
    private LogTrail log;
    private ProcessPool pool;

    @BeforeEach
    void open() {
        log = LogTrail.follow("dev.loomscope", Level.DEBUG);
        pool = ProcessPool.open(c -> c.withName("tight")
                .withWorkers(4)
                .withMaxHeapMiB(SMALL)
                .withMemoryBudgetMiB(BUDGET)
                .withListener(events));
    }

    @AfterEach
    void close() {
        pool.close();
        log.close();
    }

    private List<String> reasonsOfRetired() {
        return events.of(ScopeEvent.WorkerRetired.class).stream()
                .map(ScopeEvent.WorkerRetired::reason)
                .toList();
    }

    @Test
    void aTaskThatAsksForMoreThanTheBudgetIsRefusedInFork() throws Exception {
        assertThatThrownBy(() -> PoolRun.startWithHeap(pool, BUDGET + 1, Work::pid))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "CPU task 'task' asks for a heap of 129 MiB, but all workers of pool 'tight' together have a memory budget of 128 MiB. Ask for less, or raise withMemoryBudgetMiB(128).");
        assertThat(PoolRun.startWithHeap(pool, BUDGET, Work::pid).get()).isPositive();
    }

    @Test
    void aLargerWorkerStartsWhenItFitsAndIdleOnesMakeRoomForIt() throws Exception {
        assertThat(pool.prewarm(4).get(30, SECONDS)).isEqualTo(4);

        assertThat(PoolRun.startWithHeap(pool, 90, Work::pid).get()).isPositive();

        assertThat(pool.stats().live()).isEqualTo(2);
        Eventually.becomesTrue("three had to go", () -> reasonsOfRetired().size() == 3);
        assertThat(reasonsOfRetired()).containsOnly("a task needs a heap of 90 MiB, it has 32");
    }

    @Test
    void whileALargerWorkerIsBusyNoOtherIsStartedBesideIt() throws Exception {
        String go = folder.resolve("go").toString();
        PoolRun<Long> large =
                PoolRun.startWithHeap(pool, 100, () -> Work.awaitFile(go)).awaitStart();
        PoolRun<Long> small = PoolRun.start(pool, Work::pid);
        Eventually.becomesTrue("it waits", () -> pool.stats().queuedTasks() == 1);
        assertThat(pool.stats().starting()).isZero();
        assertThat(pool.prewarm(4).get(30, SECONDS)).isEqualTo(1);

        Work.touch(go);

        assertThat(small.get()).isEqualTo(large.get()); // one task has no use for more than one worker
        assertThat(events.pids()).hasSize(1);
    }

    @Test
    void aLargerWorkerGoesWhenItKeepsSeveralOthersFromStarting() throws Exception {
        String go = folder.resolve("go").toString();
        String first = folder.resolve("first").toString();
        String second = folder.resolve("second").toString();
        PoolRun<Long> large =
                PoolRun.startWithHeap(pool, 100, () -> Work.awaitFile(go)).awaitStart();
        PoolRun<Long> one = PoolRun.start(pool, () -> Work.meet(first, second));
        PoolRun<Long> other = PoolRun.start(pool, () -> Work.meet(second, first));
        Eventually.becomesTrue("both wait", () -> pool.stats().queuedTasks() == 2);

        Work.touch(go);

        assertThat(List.of(one.get(), other.get())).doesNotHaveDuplicates().doesNotContain(large.get());
        events.await(ScopeEvent.WorkerRetired.class);
        assertThat(reasonsOfRetired())
                .containsExactly("its heap of 100 MiB keeps others from starting within the memory budget of 128 MiB");
    }

    @Test
    void aTaskThatWaitsForTheRoomOfABusyWorkerHasItWhenThatIsKilled() throws Exception {
        assertThat(pool.prewarm(3).get(30, SECONDS)).isEqualTo(3);
        PoolRun<Long> deaf = PoolRun.start(pool, Work::spin).awaitStart();
        PoolRun<Long> large = PoolRun.startWithHeap(pool, 100, Work::pid); // two idle ones and what is free are 96
        Eventually.becomesTrue("it waits", () -> pool.stats().queuedTasks() == 1);
        assertThat(pool.stats().live()).isEqualTo(3);

        deaf.cancel("enough");

        assertThat(large.get()).isPositive();
        assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
    }

    /** A task of this size was busy from one moment to the other, by the clock that all processes share. */
    private record Span(int heapMiB, long from, long to) implements Serializable {

        static Span pass(int heapMiB) throws InterruptedException {
            long from = System.nanoTime();
            Thread.sleep(10);
            return new Span(heapMiB, from, System.nanoTime());
        }

        boolean contains(long moment) {
            return from <= moment && moment < to;
        }
    }

    @Test
    void amongTasksOfAllSizesTheHeapsTogetherNeverExceedTheBudget() throws Exception {
        List<Integer> sizes =
                new Random(7).ints(24, 1, 9).map(i -> i * 16).boxed().toList();
        List<PoolRun<Span>> runs = new ArrayList<>();
        for (int size : sizes) {
            runs.add(PoolRun.startWithHeap(pool, size, () -> Span.pass(Math.max(SMALL, size))));
        }
        List<Span> spans = new ArrayList<>();
        for (PoolRun<Span> run : runs) {
            spans.add(run.get());
        }

        assertThat(spans)
                .allSatisfy(span -> assertThat(spans.stream()
                                .filter(other -> other.contains(span.from()))
                                .mapToInt(Span::heapMiB)
                                .sum())
                        .isBetween(span.heapMiB(), BUDGET));
    }
}
