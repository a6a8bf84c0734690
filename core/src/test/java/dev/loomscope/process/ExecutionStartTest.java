package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuOutcome;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A task that is started gives its outcome to a completion, once, and needs no thread that waits. */
class ExecutionStartTest {

    private static ProcessPool pool;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withName("start").withWorkers(1));
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    private static <T> CpuExecution<T> prepare(boolean mayBlock, Task<T> task) {
        return pool.prepare(new CpuRequest<>(task, "task", new CpuRequest.Observer() {
            @Override
            public void onStarted(String runner) {}

            @Override
            public boolean mayBlock() {
                return mayBlock;
            }
        }));
    }

    private static <T> CpuOutcome<T> outcome(CpuExecution<T> execution) throws Exception {
        CompletableFuture<CpuOutcome<T>> outcome = new CompletableFuture<>();
        execution.start(ended -> {
            if (!outcome.complete(ended)) {
                throw new AssertionError("a second outcome: " + ended);
            }
        });
        return outcome.get(20, TimeUnit.SECONDS);
    }

    @Test
    void outcomeOfEverySortComesOnce() throws Exception {
        for (boolean mayBlock : new boolean[] {true, false}) {
            assertThat(outcome(prepare(mayBlock, () -> 42))).isEqualTo(new CpuOutcome.Succeeded<>(42));
            assertThat(outcome(prepare(mayBlock, () -> null))).isEqualTo(new CpuOutcome.Succeeded<>(null));
            assertThat(outcome(prepare(mayBlock, () -> List.of("object"))))
                    .isEqualTo(new CpuOutcome.Succeeded<>(List.of("object")));
            CpuOutcome<Object> failed = outcome(prepare(mayBlock, () -> {
                throw new IllegalStateException("on purpose");
            }));
            assertThat(failed)
                    .isInstanceOfSatisfying(
                            CpuOutcome.Failed.class,
                            failure -> assertThat(failure.thrown()).hasMessage("on purpose"));
        }
    }

    @Test
    void cancelBeforeTheStartIsAnOutcome() throws Exception {
        for (boolean mayBlock : new boolean[] {true, false}) {
            CpuExecution<Integer> execution = prepare(mayBlock, () -> 42);
            execution.cancel("not wanted");
            assertThat(outcome(execution))
                    .isInstanceOfSatisfying(
                            CpuOutcome.Cancelled.class,
                            cancelled -> assertThat(cancelled.thrown()).hasMessageContaining("not wanted"));
        }
    }

    @Test
    void closedPoolIsAnOutcome() throws Exception {
        ProcessPool closing = ProcessPool.open(c -> c.withName("closing").withWorkers(1));
        CpuExecution<Integer> execution =
                closing.prepare(new CpuRequest<>((Task<Integer>) () -> 42, "task", runner -> {}));
        closing.close();
        assertThat(outcome(execution)).isInstanceOf(CpuOutcome.Failed.class);
    }

    /** The cancel, the start of the task and its reply cross. */
    @Test
    void cancelThatRacesWithTheTaskLeavesExactlyOneOutcome() throws Exception {
        for (int round = 0; round < 300; round++) {
            CpuExecution<Integer> execution = prepare(round % 2 == 0, () -> 42);
            Thread canceller = Thread.ofPlatform().start(() -> execution.cancel("race"));
            assertThat(outcome(execution)).isNotInstanceOf(CpuOutcome.Failed.class);
            canceller.join();
        }
    }

    @Test
    void backendThatOnlyRunsStartsOnAThreadOfItsOwn() throws Exception {
        IllegalStateException failure = new IllegalStateException("on purpose");
        CpuExecution<String> blocking = new CpuExecution<>() {
            @Override
            public String run() throws Throwable {
                throw failure;
            }

            @Override
            public void cancel(String reason) {}
        };
        assertThat(outcome(blocking)).isEqualTo(new CpuOutcome.Failed<>(failure));
        assertThatThrownBy(blocking::run).isSameAs(failure);
    }
}
