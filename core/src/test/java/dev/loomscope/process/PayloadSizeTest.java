package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import dev.loomscope.core.TaskNotSerializableException;
import dev.loomscope.event.ScopeEvent;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tasks and results of every size, from none to more than can be. */
class PayloadSizeTest {

    private static final int MAX = Frame.MAX_BODY;
    private static final int HEAP_MIB = 64;
    private static final long GIB = 1L << 30;

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(HEAP_MIB).withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @Test
    void nothingAndAlmostNothingArriveBothWays() throws Exception {
        List<Object> values = java.util.Arrays.asList(null, "", new byte[0], List.of(), Map.of());
        for (Object value : values) {
            Task<Object> echo = () -> value;
            assertThat(PoolRun.run(pool, echo)).isEqualTo(value);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {MAX - 1, MAX, MAX + 1, 2 * MAX, 2 * MAX + 1})
    void aTaskOfExactlySoManyBytesArrives(int bytes) throws Exception {
        boolean[] load = random(bytes - (int) sizeOf(new boolean[0])); // in the stream, whatever its length

        assertThat(sizeOf(load)).isEqualTo(bytes);
        assertThat(PoolRun.run(pool, sum(load))).isEqualTo(java.util.Arrays.hashCode(load));
    }

    @ParameterizedTest
    @ValueSource(ints = {MAX - 1, MAX, MAX + 1, 2 * MAX, 2 * MAX + 1})
    void aResultOfExactlySoManyBytesArrives(int bytes) throws Exception {
        int size = bytes - (int) TaskCodec.encodeResult("task", new boolean[0]).size();
        Task<boolean[]> task = () -> random(size);

        assertThat(TaskCodec.encodeResult("task", random(size)).size()).isEqualTo(bytes);
        assertThat(PoolRun.run(pool, task)).isEqualTo(random(size));
    }

    @ParameterizedTest
    @ValueSource(longs = {HEAP_MIB << 20, 2 * GIB + 1})
    void aTaskLargerThanTheHeapOfItsWorkerIsRefusedInForkWithItsSize(long bytes) throws Exception {
        long pid = PoolRun.run(pool, Work::pid);
        Object bulk = Bulk.of(bytes);

        TaskNotSerializableException refused = catchThrowableOfType(
                TaskNotSerializableException.class, () -> PoolRun.prepare(pool, "bulk", () -> bulk.hashCode()));

        assertThat(refused)
                .message()
                .startsWith("CPU task 'bulk' cannot be sent to another process: it has ")
                .contains("bytes, more than the heap of a worker: raise withMaxHeapMiB(64)");
        assertThat(sizeIn(refused)).isBetween(bytes, bytes + bytes / 100);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void aTaskForWhichTheHeapOfItsWorkerHasNoRoomFailsWithItsSizeAndCostsNoWorker() throws Exception {
        long pid = PoolRun.run(pool, Work::pid);
        byte[] besideTheObjects = new byte[(HEAP_MIB << 20) - 100_000];
        boolean[] amongThem = new boolean[besideTheObjects.length];

        for (Task<Integer> task : List.<Task<Integer>>of(() -> besideTheObjects.length, () -> amongThem.length)) {
            assertThat(PoolRun.fail(pool, task))
                    .isInstanceOf(OutOfMemoryError.class)
                    .hasMessageStartingWith("the task has 670")
                    .hasMessageContaining("withMaxHeapMiB");
        }
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        assertThat(events.of(ScopeEvent.WorkerCrashed.class)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {HEAP_MIB << 20, 2 * GIB + 1})
    void aResultLargerThanTheHeapOfItsWorkerFailsWithItsSizeAndCostsNoWorker(long bytes) throws Exception {
        long pid = PoolRun.run(pool, Work::pid);

        Throwable failure = PoolRun.fail(pool, () -> Bulk.of(bytes));

        assertThat(failure)
                .isInstanceOf(TaskNotSerializableException.class)
                .hasMessageStartingWith("the result of CPU task 'task' cannot be sent to another process: it has ");
        assertThat(sizeIn(failure)).isBetween(bytes, bytes + bytes / 100);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
    }

    @Test
    void whatIsLargerThanTheHeapOfThisJvmFailsWithItsSizeBothWaysAndCostsNoWorker() throws Exception {
        try (PoolOwner owner = PoolOwner.start("small", "-Xmx64m")) {
            assertThat(owner.readLine())
                    .startsWith("CPU task 'there' cannot be sent to another process: it has 104")
                    .containsPattern("bytes, for which a heap of \\d+ MiB has no room");
            assertThat(owner.readLine())
                    .startsWith("what CPU task 'task' returned or threw has 104")
                    .contains("withMaxResultMiB");
            assertThat(owner.readLine()).isEqualTo("the same worker goes on: true");
            owner.exit();
        }
    }

    private static long sizeIn(Throwable failure) {
        return Long.parseLong(failure.getMessage().replaceAll(".* has (\\d+) bytes.*", "$1"));
    }

    private static boolean[] random(int size) {
        byte[] bytes = Bulk.random(size);
        boolean[] random = new boolean[size];
        for (int i = 0; i < size; i++) {
            random[i] = bytes[i] > 0;
        }
        return random;
    }

    private static Task<Integer> sum(boolean[] load) {
        return () -> java.util.Arrays.hashCode(load);
    }

    private static long sizeOf(boolean[] load) {
        return TaskCodec.encodeTask("task", TaskContext.EMPTY, sum(load))
                .payload()
                .size();
    }
}
