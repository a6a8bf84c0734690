package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Subtasks that need a larger heap than others. */
class HeapForkTest {

    private static long heapMiB() {
        return Runtime.getRuntime().maxMemory() >> 20;
    }

    @Test
    void aCpuSubtaskHasTheHeapThatItsForkAsksFor() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(32));
                var scope = MixedScope.<Long>open(c -> c.withCpuBackend(pool))) {
            Subtask<Long> small = scope.fork(TaskKind.CPU, () -> heapMiB());
            Subtask<Long> large = scope.withMaxHeapMiB(96).fork(TaskKind.CPU, () -> heapMiB());
            scope.join();
            assertThat(small.get()).isLessThanOrEqualTo(32);
            assertThat(large.get()).isBetween(90L, 96L);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"IO", "BLOCKING"})
    void othersRunInTheHeapOfThisJvmAndSaySo(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.withMaxHeapMiB(96).fork(kind, () -> 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("a task of kind %s runs in the heap of this JVM", kind);
            assertThatThrownBy(() -> scope.withMaxHeapMiB(0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("at least 1 MiB, not 0");
            scope.join();
        }
    }
}
