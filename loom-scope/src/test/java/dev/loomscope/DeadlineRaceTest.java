package dev.loomscope;

import static dev.loomscope.core.TaskKind.CPU;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.Subtask.State;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Deadlines that cross the results of CPU tasks. */
class DeadlineRaceTest {

    private static final int TIMES = Integer.getInteger("race.deadlines", 500);
    private static final Duration LONG_GRACE = Duration.ofSeconds(20);

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final AtomicInteger started = new AtomicInteger();
    private final AtomicInteger killed = new AtomicInteger();
    private final AtomicInteger outcomes = new AtomicInteger();

    @Test
    @Timeout(3600)
    void aResultThatADeadlineCrossesIsThereOrItsSubtaskIsCancelledAndTheWorkerGoesOn() throws Exception {
        int inTime = 0;
        try (ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withCancelGrace(LONG_GRACE).withListener(this::count))) {
            for (int i = 0; i < TIMES; i++) {
                inTime += runOne(pool, i) ? 1 : 0;
            }
        }
        assertThat(started).as("workers, seed %d", seed).hasValue(1);
        assertThat(killed).as("killed workers, seed %d", seed).hasValue(0);
        Patience.until("the events have come", () -> outcomes.get() >= TIMES);
        assertThat(outcomes).as("one for each, seed %d", seed).hasValue(TIMES);
        System.out.printf("%d subtasks, %d in time%n", TIMES, inTime);
    }

    private void count(ScopeEvent event) {
        if (event instanceof ScopeEvent.WorkerStarted) {
            started.incrementAndGet();
        } else if (event instanceof ScopeEvent.WorkerKilled) {
            killed.incrementAndGet();
        } else if (event instanceof ScopeEvent.SubtaskFinished || event instanceof ScopeEvent.SubtaskCancelled) {
            outcomes.incrementAndGet();
        }
    }

    // Whether it was in time.
    private boolean runOne(ProcessPool pool, int number) throws Exception {
        try (var scope = MixedScope.open(c -> c.withCpuBackend(pool).withListener(this::count))) {
            if (number > 0) { // the first one waits for its worker
                scope.moveDeadline(Deadline.after(Duration.ofNanos(random.nextInt(600_000))));
            }
            Subtask<Integer> subtask = scope.fork(CPU, () -> number);
            try {
                scope.join();
                assertThat(subtask.get()).as("seed %d", seed).isEqualTo(number);
                return true;
            } catch (DeadlineExceededException e) {
                assertThat(subtask.state()).as("seed %d", seed).isIn(State.CANCELLED, State.SUCCESS);
                if (subtask.state() == State.SUCCESS) { // it had come just before the cancel reached it
                    assertThat(subtask.get()).as("seed %d", seed).isEqualTo(number);
                }
                return false;
            }
        }
    }
}
