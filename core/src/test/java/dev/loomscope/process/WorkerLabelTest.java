package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The name by which a worker calls its files. */
@Timeout(60)
class WorkerLabelTest {

    private static String labelIn(ProcessPool pool) throws Exception {
        return PoolRun.run(pool, () -> System.getProperty("loom.scope.worker"));
    }

    private static ProcessPool open(String name) {
        return ProcessPool.open(c -> c.withName(name).withWorkers(1).withMaxHeapMiB(64));
    }

    @Test
    void noTwoOpenPoolsOfOneNameShareIt() throws Exception {
        try (ProcessPool one = open("label");
                ProcessPool other = open("LABEL")) {
            assertThat(labelIn(one)).isEqualTo("label-w1");
            assertThat(labelIn(other)).isEqualTo("LABEL-2-w1");
            one.close();
            one.close();
            try (ProcessPool next = open("label")) {
                assertThat(labelIn(next)).isEqualTo("label-w1");
            }
        }
        assertThat(System.getProperty("loom.scope.worker")).isNull();
    }

    @Test
    void itIsSafeAsTheNameOfAFile() throws Exception {
        try (ProcessPool odd = open("../-ä b:c*" + "x".repeat(300))) {
            assertThat(labelIn(odd)).matches("_[A-Za-z0-9._-]{79}-w1").doesNotContain("/");
        }
    }

    @Test
    void aWorkerOfAWorkerIsCalledAfterIt() throws Exception {
        try (ProcessPool pool = open("outer")) {
            assertThat(PoolRun.<String>run(pool, () -> labelIn(ProcessPool.shared())))
                    .isEqualTo("outer-w1.shared-w1");
        }
    }
}
