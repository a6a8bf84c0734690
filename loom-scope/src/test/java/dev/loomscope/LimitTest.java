package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskKind;
import dev.loomscope.process.ProcessPool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How many subtasks run at once, and in which order the others follow. */
class LimitTest {

    @Test
    void sixtyFourBlockingSubtasksRunAtOnceByDefault() throws Exception {
        CountDownLatch full = new CountDownLatch(64);
        CountDownLatch release = new CountDownLatch(1);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (var scope = MixedScope.open()) {
            List<Subtask<Void>> subtasks = IntStream.range(0, 200)
                    .mapToObj(n -> scope.fork(TaskKind.BLOCKING, () -> {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        full.countDown();
                        Patience.await(release);
                        running.decrementAndGet();
                    }))
                    .toList();
            Patience.await(full);
            assertThat(subtasks.stream().filter(subtask -> subtask.startedAt().isPresent()))
                    .hasSize(64);
            release.countDown();
            scope.join();
            assertThat(most).hasValue(64);
        }
    }

    @Test
    void ioSubtasksAreUnlimitedByDefault() throws Exception {
        int all = 5_000;
        CountDownLatch everybody = new CountDownLatch(all);
        try (var scope = MixedScope.open()) {
            for (int i = 0; i < all; i++) {
                scope.fork(TaskKind.IO, () -> {
                    everybody.countDown();
                    Patience.await(everybody);
                });
            }
            scope.join();
        }
        assertThat(everybody.getCount()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aConfiguredBoundHoldsAndIsReached(TaskKind kind) throws Exception {
        CountDownLatch full = new CountDownLatch(3);
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(kind, 3))) {
            for (int i = 0; i < 300; i++) {
                scope.fork(kind, () -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    full.countDown();
                    Patience.await(full); // the first three meet
                    running.decrementAndGet();
                });
            }
            scope.join();
        }
        assertThat(most).hasValue(3);
    }

    @Test
    void cpuSubtasksAreBoundedByTheWorkersOfTheirPool(@TempDir Path folder) throws Exception {
        String file = folder.resolve("running").toString();
        try (var pool = ProcessPool.open(c -> c.withName("one").withWorkers(1));
                var scope = MixedScope.open(c -> c.withCpuBackend(pool))) {
            for (int i = 0; i < 5; i++) {
                scope.fork(TaskKind.CPU, () -> alone(file));
            }
            scope.join();
        }
    }

    private static Void alone(String file) throws Exception {
        Path path = Files.createFile(Path.of(file)); // fails if somebody else runs
        Files.delete(path);
        return null;
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whoWaitsIsServedInTheOrderOfTheForks(TaskKind kind) throws Exception {
        List<Integer> order = new ArrayList<>(); // one permit: one writer at a time
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(kind, 1))) {
            scope.fork(kind, () -> Patience.await(release));
            for (int i = 0; i < 200; i++) {
                int number = i;
                scope.fork(kind, () -> {
                    order.add(number);
                });
            }
            release.countDown();
            scope.join();
        }
        assertThat(order).isEqualTo(IntStream.range(0, 200).boxed().toList());
    }

    @Test
    void forkDoesNotBlockAndThousandsInLineDoNotTakeThreads() throws Exception {
        String prefix = "in-line-" + System.nanoTime() + "-";
        int bound = 4;
        AtomicInteger running = new AtomicInteger();
        AtomicInteger mostRunning = new AtomicInteger();
        AtomicInteger mostThreads = new AtomicInteger();
        AtomicInteger ran = new AtomicInteger();
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(TaskKind.BLOCKING, bound))) {
            for (int i = 0; i < 2_000; i++) {
                int number = i;
                scope.fork(prefix + i, TaskKind.BLOCKING, () -> {
                    mostRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
                    Patience.await(release);
                    if (number % 20 == 0) {
                        mostThreads.accumulateAndGet(threadsCalled(prefix), Math::max);
                    }
                    ran.incrementAndGet();
                    running.decrementAndGet();
                });
            }
            release.countDown();
            scope.join();
        }
        assertThat(ran).hasValue(2_000);
        assertThat(mostRunning).hasValueLessThanOrEqualTo(bound);
        assertThat(mostThreads).as("live threads at once").hasValueLessThanOrEqualTo(bound);
    }

    private static int threadsCalled(String prefix) {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(prefix))
                .count();
    }

    @Test
    void aFailureGivesItsPermitBack() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withMaxConcurrent(TaskKind.BLOCKING, 1))) {
            for (int i = 0; i < 50; i++) {
                scope.fork(TaskKind.BLOCKING, () -> {
                    throw new IllegalStateException("takes its permit with it?");
                });
            }
            Subtask<String> last = scope.fork(TaskKind.BLOCKING, () -> "last");
            scope.join();
            assertThat(last.get()).isEqualTo("last");
        }
    }

    @Test
    void whatWaitsRunsAlsoInScopesThatAreForkedInByChildren() throws Exception {
        AtomicInteger ran = new AtomicInteger();
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(TaskKind.BLOCKING, 2))) {
            for (int i = 0; i < 4; i++) {
                scope.fork(() -> {
                    for (int j = 0; j < 25; j++) {
                        scope.fork(TaskKind.BLOCKING, () -> {
                            ran.incrementAndGet();
                        });
                    }
                });
            }
            scope.join();
        }
        assertThat(ran).hasValue(100);
    }

    @Test
    void boundsBelowOneAreRefused() {
        ScopeConfig config = ScopeConfig.defaults();
        for (TaskKind kind : TaskKind.values()) {
            assertThatThrownBy(() -> config.withMaxConcurrent(kind, 0)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(config.maxBlocking()).isEqualTo(64);
    }

    /** The permit that a cancelled subtask gives back comes to the next in line, here before the cancel does. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aCancelStartsNobodyWhoWasInLine(TaskKind kind) throws Exception {
        CountDownLatch secondStarted = new CountDownLatch(1);
        CpuBackend slowToCancel = new CpuBackend() {
            @Override
            public <T> CpuExecution<T> prepare(CpuRequest<T> request) {
                CountDownLatch cancelled = new CountDownLatch(1);
                return new CpuExecution<>() {
                    @Override
                    public T run() throws Exception {
                        request.observer().onStarted("nobody");
                        Patience.await(cancelled);
                        throw new CancellationException("cancelled");
                    }

                    @Override
                    public void cancel(String reason) {
                        try { // the cancel of the scope stands still here, while the first one ends
                            boolean tooEarly = secondStarted.await(300, TimeUnit.MILLISECONDS);
                            assertThat(tooEarly).isFalse();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        } finally {
                            cancelled.countDown();
                        }
                    }
                };
            }
        };
        try (var scope = MixedScope.open(
                Joiner.awaitAll(), c -> c.withMaxConcurrent(kind, 1).withCpuBackend(slowToCancel))) {
            CountDownLatch running = new CountDownLatch(1);
            scope.fork(kind, () -> {
                running.countDown();
                Patience.forever();
            });
            Subtask<Void> between = scope.fork(TaskKind.CPU, () -> Patience.forever());
            Subtask<Void> second = scope.fork(kind, secondStarted::countDown);
            Patience.await(running);
            Patience.until("the one between runs", () -> between.startedAt().isPresent());
            scope.cancel();
            scope.join();
            assertThat(second.startedAt()).isEmpty();
            assertThat(second.state()).isEqualTo(State.CANCELLED);
        }
    }
}
