package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Workers that somebody has stopped, as SIGSTOP does, a frozen container or a debugger. */
class StoppedWorkerTest {

    private static final Duration PATIENCE = Duration.ofSeconds(3);

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

    @ParameterizedTest
    @Tag("slow")
    @ValueSource(ints = {0, 4_000_000})
    void aTaskThatAStoppedWorkerDoesNotBeginIsGivenToAnother(int load) throws Exception {
        try (LogTrail log = LogTrail.follow("dev.loomscope", Level.WARN);
                ProcessPool pool = open()) {
            long stopped = stopIdleWorker(pool);
            byte[] bytes = new byte[load]; // more than fits the socket, or less

            long pid = PoolRun.<Long>start(pool, "moves", () -> Work.pid() + 0 * bytes.length)
                    .get();

            assertThat(pid).isNotEqualTo(stopped);
            assertThat(Pids.isAlive(stopped)).isFalse();
            assertThat(events.await(ScopeEvent.WorkerKilled.class, stopped))
                    .singleElement()
                    .satisfies(killed ->
                            assertThat(killed.reason()).isEqualTo("it did not begin CPU task 'moves' within 3000 ms"));
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
        long busy = events.await(ScopeEvent.WorkerStarted.class).getFirst().pid();
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
