package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that fail: by way of a file that the workers' JVMs are told to read, and that is there or not. */
class StartRetryTest {

    @TempDir
    Path folder;

    private final EventTrail events = new EventTrail();
    private LogTrail log;
    private Path flags;

    @BeforeEach
    void quiet() throws Exception {
        log = LogTrail.follow("dev.loomscope", Level.DEBUG);
        flags = folder.resolve("flags");
    }

    @AfterEach
    void loud() {
        log.close();
    }

    private ProcessPool open(int workers) {
        return ProcessPool.open(c -> c.withName("starts")
                .withWorkers(workers)
                .withCancelGrace(Duration.ZERO)
                .withJvmOptions("-XX:VMOptionsFile=" + flags)
                .withListener(events));
    }

    private void letStartsFail() throws Exception {
        Files.writeString(flags, "-XX:NoSuchOption=7");
    }

    private void letStartsSucceed() throws Exception {
        Path good = Files.writeString(folder.resolve("good"), "-Dany=thing");
        Files.move(good, flags, StandardCopyOption.ATOMIC_MOVE);
    }

    private long failedStarts() {
        return log.messages(Level.WARN).stream()
                .filter(message -> message.contains("could not be started"))
                .count();
    }

    @Test
    void aTaskSurvivesAStartThatFailsOnce() throws Exception {
        letStartsFail();
        try (ProcessPool pool = open(1)) {
            PoolRun<Long> run = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue("one has failed", () -> failedStarts() > 0);
            letStartsSucceed();

            assertThat(run.get()).isPositive();
        }
    }

    @Test
    void severalTasksWhoseWorkersFailTogetherSurviveThat() throws Exception {
        letStartsFail();
        try (ProcessPool pool = open(3)) {
            List<PoolRun<Long>> runs = Stream.generate(() -> PoolRun.start(pool, Work::pid))
                    .limit(6)
                    .toList();
            Eventually.becomesTrue("all have failed", () -> failedStarts() >= 3);
            letStartsSucceed();

            assertThat(runs).allSatisfy(run -> assertThat(run.get()).isPositive());
        }
    }

    @Test
    void whenThreeStartsInARowHaveFailedAllTasksThatWaitFailAndSayHowOften() throws Exception {
        letStartsFail();
        try (ProcessPool pool = open(1)) {
            List<PoolRun<Long>> runs = Stream.generate(() -> PoolRun.start(pool, Work::pid))
                    .limit(4)
                    .toList();

            assertThat(runs)
                    .allSatisfy(run -> assertThat(run.failure())
                            .isInstanceOf(WorkerStartException.class)
                            .message()
                            .containsPattern(
                                    "^3 starts have failed within \\d+ ms, the last one so: worker w3 of pool 'starts'")
                            .contains("NoSuchOption"));
            assertThat(pool.toString()).contains("0 of 1 workers, 0 starting, 0 idle, 0 tasks waiting");
        }
    }

    @Test
    void aSuccessMakesTheNextFailureTheFirst() throws Exception {
        letStartsFail();
        try (ProcessPool pool = open(1)) {
            PoolRun<Long> first = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue("one has failed", () -> failedStarts() > 0);
            letStartsSucceed();
            long pid = first.get();
            letStartsFail();
            Pids.signal("KILL", pid);

            assertThat(PoolRun.fail(pool, Work::pid)).isInstanceOf(WorkerStartException.class);
        }
    }

    @Test
    void aTaskThatWaitsForTheReplacementOfAKilledWorkerSurvivesItsFailure() throws Exception {
        letStartsSucceed();
        try (ProcessPool pool = open(1)) {
            PoolRun<Long> deaf = PoolRun.start(pool, Work::spin).awaitStart();
            PoolRun<Long> waiting = PoolRun.start(pool, Work::pid);
            letStartsFail();

            deaf.cancel("enough");

            assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
            Eventually.becomesTrue("its replacement has failed", () -> failedStarts() > 0);
            letStartsSucceed();
            assertThat(waiting.get()).isPositive();
        }
        assertThat(events.of(ScopeEvent.WorkerStarted.class)).hasSize(2);
    }

    @Test
    void whileStartsFailThereAreFewOfThemHoweverManyTasksCome() throws Exception {
        letStartsSucceed();
        String go = folder.resolve("go").toString();
        try (ProcessPool pool = open(2)) {
            PoolRun<Long> busy = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
            letStartsFail();
            List<PoolRun<Long>> runs = Stream.generate(() -> PoolRun.start(pool, Work::pid))
                    .limit(50)
                    .toList();
            Eventually.becomesTrue("two have failed", () -> failedStarts() >= 2);
            for (int i = 0; i < 50; i++) {
                PoolRun.start(pool, Work::pid);
            }
            Work.touch(go);
            busy.get();

            assertThat(runs).allSatisfy(run -> assertThat(run.get()).isPositive());
            assertThat(failedStarts()).isLessThan(20);
        }
    }

    @Test
    void closeDoesNotWaitForTheNextTry() throws Exception {
        letStartsFail();
        ProcessPool pool = open(1);
        PoolRun<Long> run = PoolRun.start(pool, Work::pid);
        Eventually.becomesTrue("one has failed", () -> failedStarts() > 0);

        pool.close();

        assertThat(run.failure()).isInstanceOfAny(IllegalStateException.class, WorkerStartException.class);
        assertThat(pool.toString()).contains("0 of 1 workers, 0 starting");
    }
}
