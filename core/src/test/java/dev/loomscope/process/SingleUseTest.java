package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.event.ScopeEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that have one task each. */
class SingleUseTest {

    private static final AtomicInteger counter = new AtomicInteger(); // one in each process

    @TempDir
    Path folder;

    private final EventTrail events = new EventTrail();

    private ProcessPool open(int workers) {
        return ProcessPool.open(c -> c.withName("once")
                .withWorkers(workers)
                .withSingleUse()
                .withIdleTimeout(Duration.ofMinutes(1))
                .withListener(events));
    }

    private void awaitStarted(int workers) throws Exception {
        Eventually.becomesTrue(
                workers + " workers were started",
                () -> events.of(ScopeEvent.WorkerStarted.class).size() >= workers);
    }

    @Test
    void noTaskSeesWhatAnotherHasChanged() throws Exception {
        try (ProcessPool pool = open(1)) {
            long first = PoolRun.run(pool, () -> {
                counter.incrementAndGet();
                System.setProperty("loom.scope.test", "set");
                Locale.setDefault(Locale.of("sw", "KE"));
                return Work.pid();
            });

            assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(first);
            assertThat(PoolRun.run(pool, () -> counter.get())).isZero();
            assertThat(PoolRun.run(pool, () -> System.getProperty("loom.scope.test")))
                    .isNull();
            assertThat(PoolRun.run(pool, () -> Locale.getDefault().getLanguage()))
                    .isNotEqualTo("sw");
            Eventually.becomesTrue("its worker is gone", () -> !Pids.isAlive(first));
        }
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @Test
    void theNextWorkerIsStartedWhileATaskRuns() throws Exception {
        String go = folder.resolve("go").toString();
        try (ProcessPool pool = open(2)) {
            PoolRun<Long> run = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
            awaitStarted(2);
            long spare = events.pids().getLast();

            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(spare);
            Files.createFile(Path.of(go));
            assertThat(run.get()).isNotEqualTo(spare);
        }
    }

    @Test
    void theOnlyWorkerIsReplacedBeforeTheNextTaskComes() throws Exception {
        try (ProcessPool pool = open(1)) {
            PoolRun.run(pool, Work::pid);
            awaitStarted(2);
            long spare = events.pids().getLast();

            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(spare);
        }
    }

    @Test
    void atMostSoManyWorkAtOnceAsThereAreWorkers() throws Exception {
        String go = folder.resolve("go").toString();
        try (ProcessPool pool = open(2)) {
            PoolRun<Long> one = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
            PoolRun<Long> two = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
            PoolRun<Long> three = PoolRun.start(pool, Work::pid);

            Eventually.becomesTrue("the third waits", () -> pool.toString().contains("1 tasks waiting"));
            assertThat(pool.toString()).contains("2 of 2 workers, 0 starting");
            Files.createFile(Path.of(go));

            assertThat(three.get()).isNotIn(one.get(), two.get());
        }
    }

    @Test
    void aSpareThatNobodyNeedsIsRetiredLikeAnyOther() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                .withSingleUse()
                .withIdleTimeout(Duration.ofMillis(50))
                .withListener(events))) {
            PoolRun.run(pool, Work::pid);
            awaitStarted(2);
            long spare = events.pids().getLast();

            Eventually.becomesTrue("it is gone", () -> !Pids.isAlive(spare));
            assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(spare);
        }
    }

    @Test
    void whatATaskLeavesBehindEndsWithIt() throws Exception {
        String marker = "600." + Work.pid() + System.nanoTime() % 1_000_000;
        try (ProcessPool pool = open(1)) {
            PoolRun.run(pool, () -> Work.startSleepers(2, marker));

            Eventually.becomesTrue(
                    "they are gone", () -> Pids.withArgument(marker).isEmpty());
        }
    }
}
