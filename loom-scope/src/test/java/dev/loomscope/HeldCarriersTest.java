package dev.loomscope;

import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.TaskKind;
import dev.loomscope.event.ScopeEvent;
import dev.loomscope.process.ProcessPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Strangers hold every carrier of this JVM. BLOCKING and CPU subtasks, cancels, deadlines, hooks and joins work all the same. */
@Timeout(60)
class HeldCarriersTest {

    private static ProcessPool pool;
    private Hog hog;

    @BeforeAll
    static void openPool() {
        pool = ProcessPool.open(c -> c.withName("hog").withWorkers(2).withCancelGrace(Duration.ofMillis(100)));
        pool.prewarm(2).join();
    }

    @AfterAll
    static void closePool() {
        pool.close();
    }

    @BeforeEach
    void holdCarriers() throws InterruptedException {
        hog = Hog.holdAllCarriers();
    }

    @AfterEach
    void releaseCarriers() throws InterruptedException {
        hog.close();
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    private static ScopeConfig config(ScopeConfig config) {
        return config.withCpuBackend(pool);
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"BLOCKING", "CPU"})
    void subtaskRunsAndIsJoined(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(HeldCarriersTest::config)) {
            Subtask<String> subtask = scope.fork(kind, () -> "done");
            assertThat(subtask.await()).isEqualTo("done");
            scope.join();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"BLOCKING", "CPU"})
    void subtaskThatFailsEndsTheScope(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(HeldCarriersTest::config)) {
            scope.fork(TaskKind.BLOCKING, Patience::forever);
            scope.fork(kind, () -> {
                throw new IllegalStateException("on purpose");
            });
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCauseInstanceOf(IllegalStateException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"BLOCKING", "CPU"})
    void mapOverManyItemsGivesTheirResults(TaskKind kind) throws Exception {
        List<Integer> items = Collections.nCopies(100, 20);
        try (var scope = MixedScope.open(HeldCarriersTest::config)) {
            assertThat(scope.map(kind, items, item -> item + 1)).hasSize(100).containsOnly(21);
            scope.join();
        }
    }

    @Test
    void subtasksThatWaitForPermitsStart() throws Exception {
        AtomicInteger ran = new AtomicInteger();
        try (var scope = MixedScope.open(c -> config(c).withMaxConcurrent(TaskKind.BLOCKING, 2))) {
            for (int i = 0; i < 20; i++) {
                scope.fork(TaskKind.BLOCKING, () -> {
                    ran.incrementAndGet();
                });
            }
            scope.join();
        }
        assertThat(ran).hasValue(20);
    }

    @Test
    void subtaskOfASubtaskRunsWhileTheOwnerIsElsewhere() throws Exception {
        LinkedBlockingQueue<String> said = new LinkedBlockingQueue<>();
        try (var scope = MixedScope.<Object>open(HeldCarriersTest::config)) {
            scope.fork(TaskKind.BLOCKING, () -> {
                scope.fork(TaskKind.BLOCKING, () -> said.add("BLOCKING"));
                scope.fork(TaskKind.CPU, () -> "CPU").then(said::add);
            });
            assertThat(said.take()).isEqualTo("BLOCKING"); // the owner is in no call of ours
            scope.cancel("the continuation is of kind IO and cannot run now");
            hog.close();
            assertThatThrownBy(scope::join).isInstanceOf(ScopeFailedException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"BLOCKING", "CPU"})
    void continuationRuns(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(HeldCarriersTest::config)) {
            Subtask<Integer> first = scope.fork(kind, () -> 20);
            Subtask<Integer> onCpu = first.then(HeldCarriersTest::addInWorker);
            Subtask<Integer> blocking = onCpu.then(HeldCarriersTest::addBlocking);
            scope.join();
            assertThat(blocking.get()).isEqualTo(22);
        }
    }

    @dev.loomscope.core.Cpu
    static int addInWorker(int number) {
        return number + 1;
    }

    @dev.loomscope.core.Blocking
    static int addBlocking(int number) {
        return number + 1;
    }

    @Test
    void abandonedSubtaskDoesNotHoldUpTheScope() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll(), HeldCarriersTest::config)) {
            Subtask<Void> subtask = scope.withCancelPolicy(CancelPolicy.ABANDON)
                    .fork(TaskKind.BLOCKING, () -> Patience.awaitDeaf(release));
            subtask.cancel();
            scope.join();
            assertThat(subtask.state()).isEqualTo(Subtask.State.CANCELLED);
        } finally {
            release.countDown();
        }
    }

    @Test
    void reusedThreadsRunSubtasks() throws Exception {
        try (var scope = MixedScope.open(
                Joiner.allSuccessfulOrThrow(),
                c -> config(c).withReusedThreads(true).withMaxConcurrent(TaskKind.BLOCKING, 1))) {
            scope.fork(TaskKind.BLOCKING, () -> "first");
            scope.fork(TaskKind.BLOCKING, () -> "second");
            assertThat(scope.join()).containsExactly("first", "second");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"BLOCKING", "CPU"})
    void hookRunsWhenItsScopeIsCancelled(TaskKind kind) throws Exception {
        CountDownLatch hook = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll(), HeldCarriersTest::config)) {
            MixedScope.onCancel(hook::countDown);
            Subtask<Object> subtask = scope.fork(kind, () -> {
                Thread.sleep(Duration.ofMinutes(1));
                return null;
            });
            scope.cancel("on purpose");
            Patience.await(hook);
            scope.join();
            assertThat(subtask.state()).isEqualTo(Subtask.State.CANCELLED);
        }
    }

    @Test
    void hookOfASubtaskRuns() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch hook = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll(), HeldCarriersTest::config)) {
            scope.fork(TaskKind.BLOCKING, () -> {
                MixedScope.onCancel(hook::countDown);
                running.countDown();
                Patience.await(hook);
            });
            Patience.await(running);
            scope.cancel("on purpose");
            scope.join();
        }
    }

    @Test
    void eventsAndCompletionsOfCpuSubtasksCome() throws Exception {
        List<ScopeEvent> events = Collections.synchronizedList(new ArrayList<>());
        try (var scope = MixedScope.<Object>open(c -> config(c).withListener(events::add))) {
            var completions = scope.completions();
            Subtask<Object> subtask = scope.fork(TaskKind.CPU, () -> List.of("an object"));
            assertThat(completions.next()).containsSame(subtask);
            scope.join();
        }
        assertThat(events).anyMatch(ScopeEvent.SubtaskStarted.class::isInstance);
        assertThat(events).anyMatch(ScopeEvent.SubtaskFinished.class::isInstance);
    }

    @Test
    void raceOfCpuTasksHasAWinner() throws Exception {
        try (var scope = MixedScope.open(Joiner.<String>anySuccessfulOrThrow(), HeldCarriersTest::config)) {
            scope.fork(TaskKind.CPU, () -> {
                Thread.sleep(Duration.ofMinutes(1));
                return "slow";
            });
            scope.fork(TaskKind.BLOCKING, () -> "fast");
            assertThat(scope.join()).isEqualTo("fast");
        }
    }

    /** Deadlines are kept to within 100 ms at the median while strangers hold the carriers for ten seconds. */
    @Test
    void deadlinesAreKept() throws Exception {
        List<Long> lateMillis = new ArrayList<>();
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        for (int round = 0; System.nanoTime() < end; round++) {
            lateMillis.add(lateness(round % 2 == 0 ? TaskKind.BLOCKING : TaskKind.CPU));
        }
        Collections.sort(lateMillis);
        assertThat(lateMillis.get(lateMillis.size() / 2))
                .as("median of " + lateMillis + " ms")
                .isLessThan(100);
    }

    private static long lateness(TaskKind kind) throws Exception {
        Duration timeout = Duration.ofMillis(200);
        long deadline = System.nanoTime() + timeout.toNanos();
        try (var scope = MixedScope.open(c -> config(c).withTimeout(timeout))) {
            scope.fork(kind, () -> {
                Thread.sleep(Duration.ofMinutes(1));
                return null;
            });
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
        return NANOSECONDS.toMillis(System.nanoTime() - deadline);
    }
}
