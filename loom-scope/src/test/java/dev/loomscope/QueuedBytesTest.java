package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CPU subtasks of a pool that bounds what waits in memory for a worker. */
class QueuedBytesTest {

    private static final long BOUND = 2_500_000;

    @TempDir
    Path folder;

    private final ProcessPool pool =
            ProcessPool.open(c -> c.withWorkers(1).withMaxQueuedBytes(BOUND).withCancelGrace(Duration.ZERO));
    private long mostQueued;

    @AfterEach
    void nothingIsLeft() {
        assertThat(pool.stats().queuedBytes()).isZero();
        assertThat(pool.stats().queuedTasks()).isZero();
        pool.close();
    }

    private static Task<Integer> megabyte() {
        byte[] captured = new byte[1_000_000];
        return () -> captured.length;
    }

    private static boolean awaitFile(String path) throws InterruptedException {
        for (int i = 0; i < 30_000 && !Files.exists(Path.of(path)); i++) {
            Thread.sleep(2);
        }
        return true;
    }

    // Looks at the queue whenever an item is taken.
    private Iterable<byte[]> megabytes(int number) {
        Iterator<byte[]> items = IntStream.range(0, number)
                .peek(i -> mostQueued = Math.max(mostQueued, pool.stats().queuedBytes()))
                .mapToObj(i -> {
                    byte[] item = new byte[1_000_000];
                    item[0] = (byte) i;
                    return item;
                })
                .iterator();
        return () -> items;
    }

    @Test
    void mapWaitsForRoomInsteadOfFailing() throws Exception {
        try (var scope = MixedScope.open(c -> c.withCpuBackend(pool))) {
            List<Integer> firstBytes = scope.map(TaskKind.CPU, 30, megabytes(30), item -> (int) item[0]);

            assertThat(firstBytes).isEqualTo(IntStream.range(0, 30).boxed().toList());
            scope.join();
        }
        assertThat(mostQueued).isPositive().isLessThanOrEqualTo(BOUND);
        assertThat(pool.stats().failed()).isZero();
    }

    @Test
    void forEachWaitsForRoomInsteadOfFailing() throws Exception {
        try (var scope = MixedScope.open(c -> c.withCpuBackend(pool))) {
            scope.forEach(TaskKind.CPU, 30, megabytes(10), item -> {
                item[0]++;
            });
            scope.join();
        }
        assertThat(mostQueued).isPositive().isLessThanOrEqualTo(BOUND);
    }

    @Test
    void forkBeyondTheBoundThrowsAndWhatWasForkedGoesOn() throws Exception {
        String go = folder.resolve("go").toString();
        try (var scope = MixedScope.open(c -> c.withCpuBackend(pool))) {
            Subtask<Boolean> busy = scope.fork(TaskKind.CPU, () -> awaitFile(go));
            Patience.until("it runs", () -> busy.startedAt().isPresent());
            Subtask<Integer> first = scope.fork(TaskKind.CPU, megabyte());
            Subtask<Integer> second = scope.fork(TaskKind.CPU, megabyte());

            assertThatThrownBy(() -> scope.fork(TaskKind.CPU, megabyte()))
                    .isInstanceOf(RejectedExecutionException.class)
                    .hasMessageContaining("no more than 2500000 may");

            Files.createFile(Path.of(go));
            scope.join();
            assertThat(first.get() + second.get()).isEqualTo(2_000_000);
        }
    }

    @Test
    void subtasksThatWaitForAPermitTakeUpRoomAndGiveItBackWhenTheyAreCancelled() throws Exception {
        Limiter one = Limiter.of("one", 1);
        assertThatThrownBy(() -> MixedScope.call(
                        ScopeConfig.defaults().withCpuBackend(pool).withLimiter(TaskKind.CPU, one), scope -> {
                            Subtask<Void> deaf = scope.fork(TaskKind.CPU, () -> Patience.spin());
                            Patience.until("it runs", () -> deaf.startedAt().isPresent());
                            scope.fork(TaskKind.CPU, megabyte());
                            scope.fork(TaskKind.CPU, megabyte());
                            assertThat(pool.stats().queuedBytes()).isGreaterThan(2_000_000);
                            throw new IllegalStateException("on purpose");
                        }))
                .hasMessage("on purpose");
    }

    @Test
    void aDeadlineEndsTheWaitForRoom() throws Exception {
        String go = folder.resolve("go").toString();
        try (var scope = MixedScope.open(c -> c.withCpuBackend(pool))) {
            Subtask<Boolean> busy = scope.fork(TaskKind.CPU, () -> awaitFile(go));
            Patience.until("it runs", () -> busy.startedAt().isPresent());
            scope.fork(TaskKind.CPU, megabyte());
            scope.fork(TaskKind.CPU, megabyte());

            ScopeConfig brief = ScopeConfig.defaults().withCpuBackend(pool).withTimeout(Duration.ofMillis(200));
            assertThatThrownBy(() ->
                            MixedScope.call(brief, inner -> inner.map(TaskKind.CPU, megabytes(5), item -> item.length)))
                    .isInstanceOf(DeadlineExceededException.class);

            Files.createFile(Path.of(go));
            scope.join();
        }
    }
}
