package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.CPU;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.MixedScope;
import dev.loomscope.Subtask;
import dev.loomscope.process.ProcessPool;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The pool that all share. */
class SharedPoolTest {

    @BeforeEach
    void forgetWhatOtherTestsUsed() {
        ProcessPool.closeShared();
    }

    @Test
    void isConfiguredBeforeItsFirstUse() throws Exception {
        // guide: shared-pool
        ProcessPool.configureShared(c -> c.withWorkers(1).withMaxHeapMiB(128));

        try (var scope = MixedScope.<Long>open()) {
            Subtask<Long> heap = scope.fork(CPU, () -> Runtime.getRuntime().maxMemory() >> 20);
            scope.join();
            assertThat(heap.get()).isLessThanOrEqualTo(128);
        }

        ProcessPool.closeShared(); // only where the application ends before its JVM
        // end
    }
}
