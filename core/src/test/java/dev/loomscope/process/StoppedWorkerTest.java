package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Workers that somebody has stopped, as SIGSTOP does, a frozen container or a debugger. */
class StoppedWorkerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(6);

    private final EventTrail events = new EventTrail();

    private ProcessPool open() {
        return ProcessPool.open(c -> c.withName("stopped")
                .withWorkers(1)
                .withMaxHeapMiB(64)
                .withStartTimeout(PATIENCE)
                .withIdleTimeout(Duration.ofMinutes(5))
                .withCancelGrace(Duration.ofMillis(100))
                .withListener(events));
    }

    private long stopIdleWorker(ProcessPool pool) throws Exception {
        long pid = PoolRun.run(pool, Work::pid);
        Pids.signal("STOP", pid);
        return pid;
    }

    @Test
    @Tag("slow")
    void aTaskThatAStoppedWorkerDoesNotBeginIsGivenToAnother() throws Exception {
        try (LogTrail log = LogTrail.follow("dev.loomscope", Level.WARN);
                ProcessPool pool = open();
                ProcessPool other = open()) {
            long stopped = stopIdleWorker(pool);
            long otherStopped = stopIdleWorker(other);
            byte[] load = new byte[4_000_000]; // more than fits the socket

            PoolRun<Long> small = PoolRun.start(pool, "moves", Work::pid);
            PoolRun<Long> large = PoolRun.start(other, "moves", () -> Work.pid() + 0 * load.length);

            assertThat(small.get()).isNotEqualTo(stopped);
            assertThat(large.get()).isNotEqualTo(otherStopped);
            for (long pid : List.of(stopped, otherStopped)) {
                assertThat(Pids.isAlive(pid)).isFalse();
                assertThat(events.await(ScopeEvent.WorkerKilled.class, pid))
                        .singleElement()
                        .satisfies(
                                killed -> assertThat(killed.reason())
                                        .isEqualTo(
                                                "it did not begin CPU task 'moves' within 6000 ms, the withStartTimeout of its pool"));
            }
            assertThat(log.messages()).anyMatch(line -> line.contains("stands still and is killed"));
        }
    }

    @Test
    void aTaskThatIsCancelledInAStoppedWorkerEndsAfterTheGrace() throws Exception {
        try (ProcessPool pool = open()) {
            PoolRun<String> running = PoolRun.start(pool, Work::listen).awaitStart();
            long pid = events.await(ScopeEvent.WorkerStarted.class).getFirst().pid();
            Pids.signal("STOP", pid);

            assertThat(running.cancel("enough").failure()).isInstanceOf(CancellationException.class);

            assertThat(Pids.isAlive(pid)).isFalse();
            assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(pid);
        }
    }

    @Test
    void aTaskThatIsCancelledBeforeAStoppedWorkerBeginsItEndsAfterTheGrace() throws Exception {
        try (ProcessPool pool = open()) {
            long pid = stopIdleWorker(pool);
            PoolRun<Long> waiting = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue("it is sent", () -> pool.toString().contains("0 idle, 0 tasks waiting"));

            assertThat(waiting.cancel("enough").failure()).isInstanceOf(CancellationException.class);

            assertThat(Pids.isAlive(pid)).isFalse();
        }
    }

    @Test
    void closeEndsStoppedWorkersIdleAndBusy() throws Exception {
        ProcessPool pool = open();
        PoolRun<String> running = PoolRun.start(pool, Work::listen).awaitStart();
        long busy = running.pid();
        Pids.signal("STOP", busy);
        pool.close();
        assertThat(running.failure()).isInstanceOf(CancellationException.class);

        ProcessPool other = open();
        long idle = stopIdleWorker(other);
        other.close();

        assertThat(Pids.isAlive(busy)).isFalse();
        assertThat(Pids.isAlive(idle)).isFalse();
    }

    @Test
    void aWorkerThatIsStoppedForLessThanThatKeepsItsTask() throws Exception {
        try (ProcessPool pool = open()) {
            long pid = stopIdleWorker(pool);
            PoolRun<Long> waiting = PoolRun.start(pool, Work::pid);
            Eventually.becomesTrue("it is sent", () -> pool.toString().contains("0 idle, 0 tasks waiting"));
            Pids.signal("CONT", pid);

            assertThat(waiting.get()).isEqualTo(pid);
        }
    }
}
