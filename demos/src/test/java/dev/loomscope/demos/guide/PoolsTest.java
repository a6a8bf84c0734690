package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.demos.guide.Fakes.countPrimes;
import static dev.loomscope.demos.guide.Fakes.spin;
import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.DeadlineExceededException;
import dev.loomscope.Joiner;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.Subtask;
import dev.loomscope.event.ScopeEvent.WorkerKilled;
import dev.loomscope.process.ProcessPool;
import dev.loomscope.process.WorkerCrashedException;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

/** Worker processes. */
class PoolsTest {

    @Test
    void thereIsASharedOneAndThereAreYours() throws Exception {
        // guide: pool
        try (ProcessPool pool = ProcessPool.open(
                        c -> c.withName("render").withWorkers(1).withMaxHeapMiB(128));
                var scope = MixedScope.<Long>open(c -> c.withCpuBackend(pool))) {
            Subtask<Long> mine = scope.fork(CPU, () -> ProcessHandle.current().pid());
            Subtask<Long> again = scope.fork(CPU, () -> ProcessHandle.current().pid());
            scope.join();
            assertThat(mine.get()).isNotEqualTo(ProcessHandle.current().pid()).isEqualTo(again.get());
        }
        // end
    }

    @Test
    void aCrashFailsOneSubtask() throws Exception {
        // guide: crash
        try (var scope = MixedScope.<Long, Void>open(Joiner.awaitAll())) {
            Subtask<Long> broken = scope.fork("broken", CPU, () -> {
                Runtime.getRuntime().halt(3); // as a bug in native code would
                return 0L;
            });
            Subtask<Long> primes = scope.fork(Fakes::countPrimes, 10_000);
            scope.join();
            assertThat(broken.exception()).isInstanceOfSatisfying(WorkerCrashedException.class, crash -> {
                assertThat(crash.exitCode()).hasValue(3);
                assertThat(crash.started()).isTrue(); // it may have had effects: think before you run it again
            });
            assertThat(primes.get()).isEqualTo(1_229); // another worker, another process
        }
        // end
    }

    @Test
    void aPoolIsWarmedAndCounts() throws Exception {
        // guide: prewarm
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(2).withMaxHeapMiB(64))) {
            pool.prewarm(2).join(); // fails here, and not in the first task, if they cannot start
            assertThat(pool.stats().idle()).isEqualTo(2);

            ScopeConfig config = ScopeConfig.defaults().withCpuBackend(pool);
            MixedScope.call(config, scope -> scope.fork(() -> countPrimes(100)).await());
            assertThat(pool.stats().done()).isEqualTo(1);
        }
        // end
    }

    @Test
    void whatWaitsIsBounded() throws Exception {
        // guide: room
        byte[] page = new byte[100_000];
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxQueuedBytes(300_000));
                var scope = MixedScope.open(c -> c.withCpuBackend(pool))) {
            List<byte[]> pages = Collections.nCopies(50, page); // 5 MB, of which no more than 300 kB wait
            List<Integer> sizes = scope.map(CPU, pages, one -> one.length);
            assertThat(sizes).hasSize(50);

            assertThatThrownBy(() -> pages.forEach(one -> scope.fork(CPU, () -> Fakes.slowLength(one))))
                    .isInstanceOf(RejectedExecutionException.class); // with both sizes, and what to do
            scope.join(); // those that were forked before
        }
        // end
    }

    @Test
    void aDeadlineKills() throws Exception {
        // guide: kill
        List<WorkerKilled> killed = new CopyOnWriteArrayList<>();
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                .withCancelGrace(ofMillis(100))
                .withListener(event -> {
                    if (event instanceof WorkerKilled kill) {
                        killed.add(kill);
                    }
                }))) {
            ScopeConfig config = ScopeConfig.defaults().withCpuBackend(pool);
            long primes = MixedScope.call(
                    config, scope -> scope.fork(() -> countPrimes(100)).await());
            assertThat(primes).isEqualTo(25); // and the worker is warm
            assertThatThrownBy(
                            () -> MixedScope.call(config.withTimeout(ofMillis(300)), scope -> scope.fork(() -> spin())))
                    .isInstanceOf(DeadlineExceededException.class);
        } // waits until the listener has heard everything
        assertThat(killed).hasSize(1); // the endless loop is gone, process and all
        // end
    }
}
