package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.loomscope.core.CurrentTask;
import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a task in a worker knows of its deadline and its cancel. */
class WorkerTimeTest {

    private static final Duration HOUR = Duration.ofHours(1);
    private static final Task<Duration> TIME_LEFT =
            () -> CurrentTask.current().remaining().orElse(null);

    @TempDir
    Path folder;

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(
                c -> c.withWorkers(1).withCancelGrace(Duration.ofSeconds(20)).withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(events.pids()).as("one worker for all of it").hasSize(1);
    }

    @Test
    void aTaskHasALittleLessTimeThanItWasGiven() throws Exception {
        Duration left = PoolRun.startWithTime(pool, () -> HOUR, TIME_LEFT).get();

        assertThat(left).isLessThan(HOUR).isGreaterThan(HOUR.minusMinutes(2));
    }

    @Test
    void theDeadlineIsOnTheClockOfTheWorker() throws Exception {
        long fromNow = PoolRun.startWithTime(
                        pool,
                        () -> HOUR,
                        () -> CurrentTask.current().deadlineNanos().getAsLong() - System.nanoTime())
                .get();

        assertThat(Duration.ofNanos(fromNow)).isLessThan(HOUR).isGreaterThan(HOUR.minusMinutes(2));
    }

    @Test
    void aTaskThatHasWaitedHasLess() throws Exception {
        String go = folder.resolve("go").toString();
        PoolRun<Long> busy = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
        AtomicReference<Duration> left = new AtomicReference<>(HOUR);
        PoolRun<Duration> waiting = PoolRun.startWithTime(pool, left::get, TIME_LEFT);
        Eventually.becomesTrue("it waits", () -> pool.toString().contains("1 tasks waiting"));

        left.set(HOUR.dividedBy(2));
        Work.touch(go);

        busy.get();
        assertThat(waiting.get()).isLessThan(HOUR.dividedBy(2));
    }

    @Test
    void aTaskWithoutALimitHasNoDeadlineAlsoAfterOneThatHad() throws Exception {
        assertThat(PoolRun.startWithTime(pool, () -> HOUR, TIME_LEFT).get()).isNotNull();
        assertThat(PoolRun.run(pool, TIME_LEFT)).isNull();
    }

    @Test
    void atItsDeadlineATaskHasNoTimeLeftButRuns() throws Exception {
        assertThat(PoolRun.startWithTime(pool, () -> Duration.ofSeconds(-5), TIME_LEFT)
                        .get())
                .isEqualTo(Duration.ZERO);
    }

    @Test
    void aTimeBeyondMeasureIsAsGoodAsForEver() throws Exception {
        Duration forEver = Duration.ofSeconds(Long.MAX_VALUE);

        assertThat(PoolRun.startWithTime(pool, () -> forEver, TIME_LEFT).get()).isGreaterThan(Duration.ofDays(365));
    }

    @Test
    void aTimeThatIsNotKnownCostsNeitherTheTaskNorItsWorker() throws Exception {
        try (LogTrail log = LogTrail.follow("dev.loomscope.process.PoolJob", Level.ERROR)) {
            Duration left = PoolRun.startWithTime(
                            pool,
                            () -> {
                                throw new IllegalStateException("no clock");
                            },
                            TIME_LEFT)
                    .get();

            assertThat(left).isNull();
            assertThat(log.messages()).singleElement().asString().contains("CPU task 'task'");
        }
        PoolRun.run(pool, Work::pid);
        assertThat(events.pids()).hasSizeLessThan(2);
    }

    @Test
    void theTimeOfATaskThatNeverCameCompletelyIsNotThatOfTheNext() throws Exception {
        byte[] big = new byte[64 << 20];
        PoolRun.run(pool, Work::pid);

        for (int i = 0; i < 5; i++) {
            PoolRun<Integer> run = PoolRun.startWithTime(pool, () -> HOUR, () -> big.length);
            Eventually.becomesTrue("it is on its way", () -> pool.toString().contains("0 idle"));
            run.cancel("enough");
            Eventually.becomesTrue("the transfer ends", run::hasEnded);

            assertThat(PoolRun.run(pool, TIME_LEFT)).isNull();
        }
    }

    @Test
    void aLoopThatSwallowsInterruptsSeesItsCancelAndKeepsItsWorker() throws Exception {
        String looping = folder.resolve("looping").toString();
        PoolRun<String> loop = PoolRun.start(pool, () -> {
            CurrentTask task = CurrentTask.current();
            Work.touch(looping);
            while (!task.isCancelled()) {
                Thread.interrupted();
            }
            return Work.pid() + " left: " + task.cancelReason().orElseThrow();
        });
        Eventually.becomesTrue("it loops", () -> java.nio.file.Files.exists(Path.of(looping)));

        loop.cancel("tired of wäiting");

        assertThat(loop.get()).isEqualTo(PoolRun.run(pool, Work::pid) + " left: tired of wäiting");
        assertThat(events.of(ScopeEvent.WorkerKilled.class)).isEmpty();
    }

    @Test
    void theFlagIsSeenByOtherThreadsThroughTheHandle() throws Exception {
        PoolRun<String> run = PoolRun.start(pool, () -> {
                    CurrentTask task = CurrentTask.current();
                    AtomicReference<String> seen = new AtomicReference<>();
                    Thread other = Thread.ofPlatform().start(() -> {
                        boolean bound = CurrentTask.current() != null;
                        while (!task.isCancelled()) {
                            Thread.onSpinWait();
                        }
                        seen.set(bound + " " + task.cancelReason().orElseThrow());
                    });
                    while (other.isAlive()) {
                        Thread.onSpinWait();
                    }
                    return seen.get();
                })
                .awaitStart();

        run.cancel("enough");

        assertThat(run.get()).isEqualTo("false enough");
    }

    @Test
    void aCancelIsNotThatOfTheNextTask() throws Exception {
        PoolRun<Long> listening = PoolRun.start(pool, Work::listenAndReturnPid).awaitStart();
        listening.cancel("enough");
        long pid = listening.get();

        assertThat(PoolRun.run(
                        pool, () -> Work.pid() + " " + CurrentTask.current().isCancelled()))
                .isEqualTo(pid + " false");
    }

    @Test
    void aReasonOfAnyLengthFitsTheFrame() throws Exception {
        PoolRun<Integer> run = PoolRun.start(pool, () -> {
                    CurrentTask task = CurrentTask.current();
                    while (!task.isCancelled()) {
                        Thread.onSpinWait();
                    }
                    return task.cancelReason().orElseThrow().length();
                })
                .awaitStart();

        run.cancel("€".repeat(1_000_000));

        assertThat(run.get()).isBetween(1_000, 10_000);
    }

    @Test
    void thereIsNoCurrentTaskOutsideAWorker() {
        assertThat(CurrentTask.current()).isNull();
    }
}
