package dev.loomscope.process;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

    @Test
    void workersInExcessDoNotStartAndTheLogSaysSoOnce() throws Exception {
        EventTrail events = new EventTrail();
        try (LogTrail log = LogTrail.follow("dev.loomscope.process.ProcessPool", Level.WARN);
                ProcessPool pool = ProcessPool.open(c -> c.withName("tight")
                        .withWorkers(4)
                        .withMaxHeapMiB(64)
                        .withMemoryBudgetMiB(191)
                        .withListener(events))) {
            assertThat(pool.prewarm(4).get(30, SECONDS)).isEqualTo(2);
            List<PoolRun<Long>> runs = Stream.generate(
                            () -> PoolRun.start(pool, () -> Runtime.getRuntime().maxMemory()))
                    .limit(12)
                    .toList();
            for (PoolRun<Long> run : runs) {
                assertThat(run.get() >> 20).as("heap, not shrunk").isBetween(56L, 64L); // less a survivor space
            }
            assertThat(pool.stats().maxWorkers()).isEqualTo(2);
            assertThat(pool.config().workers()).isEqualTo(4);
            assertThat(log.messages(Level.WARN))
                    .containsExactly(
                            "pool 'tight' has 2 workers, not 4: no more heaps of 64 MiB fit in its memory budget of 191 MiB. For more, lower withMaxHeapMiB(64) or raise withMemoryBudgetMiB(191).");
        }
        assertThat(events.pids()).hasSize(2);
    }

    @Test
    void aPoolWithoutRoomForASingleWorkerIsNotOpened() {
        assertThatThrownBy(() -> ProcessPool.open(c -> c.withMaxHeapMiB(64).withMemoryBudgetMiB(63)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "not even one worker of pool 'cpu', with a heap of 64 MiB, fits in its memory budget of 63 MiB. Lower withMaxHeapMiB(64) or raise withMemoryBudgetMiB(63).");
    }

    @Test
    void byDefaultThereIsRoomForAtLeastOneWorkerAndHalfOfTheMemoryIsLeft() {
        ProcessPoolConfig defaults = ProcessPoolConfig.defaults();

        assertThat((long) defaults.memoryBudgetMiB()).isEqualTo(MachineMemory.ofThisMachine() >> 21);
        assertThat(MemoryBudget.fit(defaults).workers()).isPositive();
        assertThatThrownBy(() -> MemoryBudget.fit(defaults.withMaxHeapMiB(defaults.memoryBudgetMiB() + 1)))
                .hasMessageContaining("(half of what this machine or container has)");
    }
}
