package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessPoolTest {

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @TempDir
    Path folder;

    /** When a task ran, on the clock that all processes share. */
    record Span(long pid, long from, long to) implements java.io.Serializable {

        static Span measure() throws InterruptedException {
            long from = System.nanoTime();
            Thread.sleep(20);
            return new Span(Work.pid(), from, System.nanoTime());
        }

        boolean overlaps(Span other) {
            return from < other.to && other.from < to;
        }
    }

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withName("two").withWorkers(2).withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @Test
    void aTaskReturnsItsResult() throws Exception {
        assertThat(PoolRun.run(pool, () -> Map.of("answer", List.of(42)))).isEqualTo(Map.of("answer", List.of(42)));
    }

    @Test
    void aTaskMayReturnNull() throws Exception {
        Task<String> nothing = () -> null;

        assertThat(PoolRun.run(pool, nothing)).isNull();
    }

    @Test
    void aTaskRunsInAnotherProcess() throws Exception {
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(Work.pid());
    }

    @Test
    void anArgumentTravelsWithItsFunction() throws Exception {
        assertThat(PoolRun.run(pool, Task.of(Work::square, 7))).isEqualTo(49);
    }

    @Test
    void whatATaskCapturedCannotChangeAfterPrepare() throws Exception {
        List<String> words = new ArrayList<>(List.of("before"));
        PoolRun<String> run = PoolRun.prepare(pool, "join", () -> String.join(",", words));

        words.add("after");

        assertThat(run.start().get()).isEqualTo("before");
    }

    @Test
    void bigArgumentsAndResultsArriveWhole() throws Exception {
        byte[] bytes = new byte[5_000_001];
        new java.util.Random(1).nextBytes(bytes);

        assertThat(PoolRun.run(pool, () -> bytes.clone())).isEqualTo(bytes);
    }

    @Test
    void aStartedTaskTellsWhoRunsIt() throws Exception {
        PoolRun<Long> run = PoolRun.start(pool, Work::pid);

        assertThat(run.runner()).matches("w\\d+ \\(pid " + run.get() + "\\)");
    }

    @Test
    void asManyTasksRunAtOnceAsThereAreWorkers() throws Exception {
        String a = folder.resolve("a").toString();
        String b = folder.resolve("b").toString();

        PoolRun<Long> one = PoolRun.start(pool, () -> Work.meet(a, b));
        PoolRun<Long> two = PoolRun.start(pool, () -> Work.meet(b, a));

        assertThat(one.get()).isNotEqualTo(two.get());
    }

    @Test
    void noWorkerHasTwoTasksAndNoMoreWorkersAreStartedThanConfigured() throws Exception {
        List<PoolRun<Span>> runs = IntStream.range(0, 12)
                .mapToObj(i -> PoolRun.start(pool, Span::measure))
                .toList();
        Map<Long, List<Span>> byWorker = new HashMap<>();
        for (PoolRun<Span> run : runs) {
            byWorker.computeIfAbsent(run.get().pid(), pid -> new ArrayList<>()).add(run.get());
        }

        assertThat(byWorker).hasSizeBetween(1, 2);
        assertThat(byWorker.values()).allSatisfy(spans -> {
            for (Span span : spans) {
                assertThat(spans.stream().filter(span::overlaps)).hasSize(1);
            }
        });
    }

    @Test
    void waitingTasksAreServedInTheOrderTheyCame() throws Exception {
        String go = folder.resolve("go").toString();
        PoolRun<Long> first = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
        PoolRun<Long> second =
                PoolRun.start(pool, () -> Work.awaitFile(go + "2")).awaitStart();
        Map<Long, Integer> order = new TreeMap<>();
        List<PoolRun<Long>> waiting = new ArrayList<>();
        for (int i = 1; i <= 5; i++) {
            String state = i + " tasks waiting";
            waiting.add(PoolRun.start(pool, System::nanoTime));
            Eventually.becomesTrue(state, () -> pool.toString().contains(state));
        }

        Files.createFile(Path.of(go));
        first.get();
        for (int i = 0; i < waiting.size(); i++) {
            order.put(waiting.get(i).get(), i);
        }
        Files.createFile(Path.of(go + "2"));
        second.get();

        assertThat(order.values()).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void theWorkerUsedLastGetsTheNextTask() throws Exception {
        String a = folder.resolve("a").toString();
        String b = folder.resolve("b").toString();
        PoolRun<Long> one = PoolRun.start(pool, () -> Work.awaitFile(a)).awaitStart();
        PoolRun<Long> two = PoolRun.start(pool, () -> Work.awaitFile(b)).awaitStart();
        Files.createFile(Path.of(a));
        one.get();
        Files.createFile(Path.of(b));
        long last = two.get();

        for (int i = 0; i < 5; i++) {
            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(last);
        }
    }

    @Test
    void anInterruptOfTheCallerNeitherEndsTheWaitNorIsLost() throws Exception {
        String go = folder.resolve("go").toString();
        CpuExecution<Long> execution =
                pool.prepare(new CpuRequest<>((Task<Long>) () -> Work.awaitFile(go), "t", r -> {}));
        AtomicReference<Object> seen = new AtomicReference<>();
        Thread caller = Thread.ofVirtual().start(() -> {
            Thread.currentThread().interrupt();
            try {
                execution.run();
                seen.set(Thread.currentThread().isInterrupted());
            } catch (Throwable e) {
                seen.set(e);
            }
        });
        caller.interrupt();
        Files.createFile(Path.of(go));

        assertThat(caller.join(PoolRun.PATIENCE)).isTrue();
        assertThat(seen.get()).isEqualTo(true);
    }

    @Test
    void theSharedPoolIgnoresClose() throws Exception {
        try (ProcessPool shared = ProcessPool.shared()) {
            long before = PoolRun.run(shared, Work::pid);
            shared.close();

            assertThat(PoolRun.run(shared, Work::pid)).isEqualTo(before);
            assertThat(ProcessPool.shared()).isSameAs(shared);
        }
    }

    @Test
    void aPoolStartsNothingBeforeItsFirstTaskAndThenOnlyWhatItNeeds() throws Exception {
        EventTrail trail = new EventTrail();
        try (ProcessPool lazy = ProcessPool.open(c -> c.withWorkers(4).withListener(trail))) {
            PoolRun<Long> run = PoolRun.prepare(lazy, "only", Work::pid);
            assertThat(lazy).hasToString("ProcessPool[cpu: 0 of 4 workers, 0 starting, 0 idle, 0 tasks waiting]");

            run.start().get();
            PoolRun.run(lazy, Work::pid);

            assertThat(trail.await(ScopeEvent.WorkerStarted.class)).hasSize(1);
        }
    }

    @Test
    void anIdleWorkerIsRetiredAndTheNextTaskGetsAnother() throws Exception {
        EventTrail trail = new EventTrail();
        try (ProcessPool brief = ProcessPool.open(
                c -> c.withWorkers(1).withIdleTimeout(Duration.ofMillis(50)).withListener(trail))) {
            long first = PoolRun.run(brief, Work::pid);
            Eventually.becomesTrue("the worker is gone", () -> !Pids.isAlive(first));

            assertThat(trail.await(ScopeEvent.WorkerRetired.class))
                    .singleElement()
                    .satisfies(retired -> {
                        assertThat(retired.pid()).isEqualTo(first);
                        assertThat(retired.reason()).contains("idle").contains("50 ms");
                    });
            assertThat(PoolRun.run(brief, Work::pid)).isNotEqualTo(first);
            assertThat(trail.of(ScopeEvent.WorkerCrashed.class)).isEmpty();
        }
    }

    @Test
    void workersThatMayNotIdleStillDoTheirTask() throws Exception {
        try (ProcessPool none = ProcessPool.open(c -> c.withWorkers(1).withIdleTimeout(Duration.ZERO))) {
            assertThat(PoolRun.run(none, () -> "done")).isEqualTo("done");
            assertThat(PoolRun.run(none, () -> "again")).isEqualTo("again");
        }
    }

    @Test
    void preparingNeedsNoTaskThatCanBeNull() {
        assertThatThrownBy(() -> pool.prepare(null)).isInstanceOf(NullPointerException.class);
    }
}
