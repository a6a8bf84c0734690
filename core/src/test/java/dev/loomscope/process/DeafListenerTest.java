package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.event.ScopeListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Listeners and observers are code of users: what they do not give back is only theirs. */
class DeafListenerTest {

    private final CountDownLatch called = new CountDownLatch(1);
    private final CountDownLatch never = new CountDownLatch(1);

    @AfterEach
    void release() {
        never.countDown();
    }

    private void block() {
        called.countDown();
        try {
            never.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts it", e);
        }
    }

    private static ProcessPool open(int workers, ScopeListener listener) {
        return ProcessPool.open(c -> c.withName("deaf")
                .withWorkers(workers)
                .withCancelGrace(Duration.ZERO)
                .withListener(listener));
    }

    @Test
    void aListenerThatBlocksDelaysNoTaskNoKillNoOtherWorkerAndNoClose() throws Exception {
        ProcessPool pool = open(2, event -> block());
        List<PoolRun<Long>> runs = IntStream.range(0, 6)
                .mapToObj(i -> PoolRun.start(pool, Work::pid))
                .toList();
        for (PoolRun<Long> run : runs) {
            assertThat(run.get()).isPositive();
        }
        called.await();

        PoolRun<Long> deaf = PoolRun.start(pool, Work::spin).awaitStart();
        deaf.cancel("enough");
        assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
        assertThat(PoolRun.run(pool, Work::pid)).isPositive();

        CompletableFuture<Void> closed = CompletableFuture.runAsync(pool::close);
        assertThat(closed).succeedsWithin(PoolRun.PATIENCE);
        assertThat(pool.toString()).contains("0 of 2 workers");
    }

    @Test
    void aListenerThatBlocksDelaysNoRetirementOfIdleWorkers() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withName("brief")
                .withWorkers(1)
                .withIdleTimeout(Duration.ofMillis(50))
                .withListener(event -> block()))) {
            for (int i = 0; i < 3; i++) {
                long pid = PoolRun.run(pool, Work::pid);
                Eventually.becomesTrue("it is retired", () -> !Pids.isAlive(pid));
            }
        }
    }

    @Test
    void aListenerMayCloseThePool() throws Exception {
        CompletableFuture<ProcessPool> late = new CompletableFuture<>();
        CompletableFuture<Void> closed = new CompletableFuture<>();
        ProcessPool pool = open(1, event -> {
            if (event instanceof ScopeEvent.WorkerStarted) {
                late.join().close();
                closed.complete(null);
            }
        });
        PoolRun.run(pool, Work::pid);

        late.complete(pool);

        assertThat(closed).succeedsWithin(PoolRun.PATIENCE);
    }

    @Test
    void anObserverThatBlocksDelaysOnlyItsOwnTask() throws Exception {
        try (ProcessPool pool = open(1, event -> {})) {
            CpuExecution<Long> watched =
                    pool.prepare(new CpuRequest<>((Task<Long>) Work::pid, "watched", r -> block()));
            CompletableFuture<Object> result = new CompletableFuture<>();
            Thread.startVirtualThread(() -> {
                try {
                    result.complete(watched.run());
                } catch (Throwable e) {
                    result.complete(e);
                }
            });
            called.await();

            long pid = PoolRun.run(pool, Work::pid);
            assertThat(result).isNotDone();

            never.countDown();
            assertThat(result).succeedsWithin(PoolRun.PATIENCE).isEqualTo(pid);
        }
    }

    @Test
    void anObserverThatThrowsAnErrorDoesNotTakeTheResultAway() throws Throwable {
        try (ProcessPool pool = open(1, event -> {})) {
            CpuExecution<String> watched = pool.prepare(new CpuRequest<>((Task<String>) () -> "done", "watched", r -> {
                throw new AssertionError("of the observer");
            }));

            assertThat(watched.run()).isEqualTo("done");
        }
    }
}
