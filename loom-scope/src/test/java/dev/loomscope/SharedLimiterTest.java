package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One limiter for several scopes. */
class SharedLimiterTest {

    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicInteger running = new AtomicInteger();
    private final AtomicInteger most = new AtomicInteger();

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    private static ScopeConfig with(TaskKind kind, Limiter limiter) {
        return ScopeConfig.defaults().withLimiter(kind, limiter);
    }

    private void run() {
        most.accumulateAndGet(running.incrementAndGet(), Math::max);
        Thread.yield();
        running.decrementAndGet();
    }

    // ---------------------------------------------------------------- bounds

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void boundsTwoScopesTogether(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("shared", 3);
        CountDownLatch full = new CountDownLatch(3);
        try (var one = MixedScope.open(with(kind, shared));
                var other = MixedScope.open(with(kind, shared))) {
            for (int i = 0; i < 100; i++) {
                for (var scope : List.of(one, other)) {
                    scope.fork(kind, () -> {
                        full.countDown();
                        Patience.await(full); // the first three meet
                        run();
                    });
                }
            }
            other.join();
            one.join();
        }
        assertThat(most).hasValueBetween(1, 3);
        Patience.until("the permits are back", () -> shared.stats().inUse() == 0);
        assertThat(shared.stats().granted()).isEqualTo(200);
    }

    @Test
    void boundsCpuSubtasksBeforeTheQueueOfTheirPool() throws Exception {
        Limiter shared = Limiter.of("shared", 1);
        try (var scope = MixedScope.open(with(TaskKind.CPU, shared))) {
            Subtask<Void> running = scope.fork(TaskKind.CPU, () -> Patience.forever());
            Subtask<Integer> waiting = scope.fork(TaskKind.CPU, () -> 1);
            Patience.until("the first runs", () -> running.startedAt().isPresent());
            assertThat(shared.stats().waiting()).isEqualTo(1);
            running.cancel();
            scope.join();
            assertThat(waiting.get()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void servesInTheOrderOfTheForksWhicheverScopeTheyComeFrom(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("shared", 1);
        List<Integer> order = new CopyOnWriteArrayList<>();
        try (var one = MixedScope.open(with(kind, shared));
                var other = MixedScope.open(with(kind, shared))) {
            one.fork(kind, () -> Patience.await(release));
            for (int i = 0; i < 100; i++) {
                int number = i;
                (i % 3 == 0 ? one : other).fork(kind, () -> order.add(number));
            }
            assertThat(shared.stats().waiting()).isEqualTo(100);
            release.countDown();
            other.join();
            one.join();
        }
        assertThat(order).isEqualTo(IntStream.range(0, 100).boxed().toList());
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void oneLimiterMayBoundTwoKinds(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("shared", 2);
        ScopeConfig config = with(TaskKind.IO, shared).withLimiter(TaskKind.BLOCKING, shared);
        try (var scope = MixedScope.open(config)) {
            IntStream.range(0, 100).forEach(n -> scope.fork(n % 2 == 0 ? kind : TaskKind.IO, this::run));
            scope.join();
        }
        assertThat(most).hasValueBetween(1, 2);
    }

    @Test
    void whoIsInsideACallCountsToo() throws Exception {
        Limiter shared = Limiter.of("shared", 1);
        try (var scope = MixedScope.open(with(TaskKind.BLOCKING, shared))) {
            Subtask<String> waiting = shared.call(() -> {
                Subtask<String> forked = scope.fork(TaskKind.BLOCKING, () -> "after the call");
                assertThat(shared.stats().waiting()).isEqualTo(1);
                return forked;
            });
            scope.join();
            assertThat(waiting.get()).isEqualTo("after the call");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void growsAndShrinksWhileSubtasksWait(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("shared", 1);
        try (var one = MixedScope.open(with(kind, shared));
                var other = MixedScope.open(with(kind, shared))) {
            List<Subtask<Void>> all = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                all.add((i % 2 == 0 ? one : other).fork(kind, () -> Patience.await(release)));
            }
            shared.resize(4);
            Patience.until("four run", () -> started(all) == 4);
            assertThat(shared.stats().waiting()).isEqualTo(2);
            shared.resize(1);
            Subtask<Integer> last = one.fork(kind, () -> shared.stats().inUse());
            assertThat(shared.stats().inUse()).isEqualTo(4);
            release.countDown();
            other.join();
            one.join();
            assertThat(all).extracting(Subtask::state).containsOnly(State.SUCCESS);
            assertThat(last.get()).isEqualTo(1);
        }
    }

    private static long started(List<Subtask<Void>> all) {
        return all.stream().filter(subtask -> subtask.startedAt().isPresent()).count();
    }

    // ---------------------------------------------------------------- cancels

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aScopeThatIsCancelledLeavesTheLine(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("shared", 1);
        try (var one = MixedScope.open(with(kind, shared));
                var other = MixedScope.open(Joiner.awaitAll(), with(kind, shared))) {
            one.fork(kind, () -> Patience.await(release));
            IntStream.range(0, 50).forEach(n -> other.fork(kind, () -> n));
            Subtask<String> behind = one.fork(kind, () -> "behind");
            other.cancel();
            other.join();
            assertThat(shared.stats().waiting()).isEqualTo(1);
            assertThat(shared.stats().cancelledWhileWaiting()).isEqualTo(50);
            release.countDown();
            one.join();
            assertThat(behind.get()).isEqualTo("behind");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whoIsCancelledAtAnyMomentTakesNoPermitWithIt(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("shared", 2);
        Random random = new Random(4711);
        for (int round = 0; round < 40; round++) {
            try (var one = MixedScope.open(Joiner.awaitAll(), with(kind, shared));
                    var other = MixedScope.open(Joiner.awaitAll(), with(kind, shared))) {
                List<Subtask<Void>> all = new ArrayList<>();
                for (int i = 0; i < 30; i++) {
                    all.add((random.nextBoolean() ? one : other).fork(kind, this::run));
                    if (random.nextBoolean()) {
                        all.get(random.nextInt(all.size())).cancel();
                    }
                }
                if (random.nextInt(3) == 0) {
                    other.cancel();
                }
                other.join();
                one.join();
            }
            assertThat(shared.stats().inUse())
                    .as("in use after round %d", round)
                    .isZero();
            assertThat(shared.stats().waiting()).isZero();
        }
        assertThat(most).hasValueBetween(1, 2);
    }

    // ---------------------------------------------------------------- waits that would never end

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aJoinForASubtaskThatNeedsTheOwnPermitFailsAndNamesTheCycle(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("db", 1);
        AtomicReference<LimiterDeadlockException> told = new AtomicReference<>();
        try (var outer = MixedScope.open(Joiner.awaitAll(), with(kind, shared))) {
            Subtask<Void> parent = outer.fork("parent", kind, () -> {
                try (var inner = MixedScope.open(with(kind, shared).withName("inner"))) {
                    inner.fork("child", kind, () -> 1);
                    try {
                        inner.join();
                    } catch (LimiterDeadlockException e) {
                        told.set(e);
                        throw e;
                    }
                }
            });
            outer.join();
            assertThat(parent.exception()).isSameAs(told.get());
        }
        assertThat(told.get()).hasMessageContainingAll("'db'", "1 permit", "'inner'", "'child'", "raise the permits");
        assertThat(shared.stats().inUse()).isZero();
        assertThat(shared.stats().waiting()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void anAwaitOfASiblingInLineFailsAndTheSiblingRunsAfterwards(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("db", 1);
        AtomicReference<Subtask<String>> sibling = new AtomicReference<>();
        try (var scope = MixedScope.open(Joiner.awaitAll(), with(kind, shared))) {
            Subtask<String> waiting = scope.fork("waiting", kind, () -> {
                Patience.await(release);
                return sibling.get().await();
            });
            sibling.set(scope.fork("sibling", kind, () -> "ran"));
            release.countDown();
            scope.join();
            assertThat(waiting.exception())
                    .isInstanceOf(LimiterDeadlockException.class)
                    .hasMessageContainingAll("'db'", "'sibling'", "'waiting'");
            assertThat(sibling.get().get()).isEqualTo("ran");
        }
    }

    @Test
    void aPermitOfTheSameLimiterInsideOneIsRefused() throws Exception {
        Limiter shared = Limiter.of("db", 1);
        try (var scope = MixedScope.open(with(TaskKind.BLOCKING, shared))) {
            Subtask<Object> subtask = scope.fork("greedy", TaskKind.BLOCKING, () -> shared.call(() -> "never"));
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown.getCause())
                    .isInstanceOf(LimiterDeadlockException.class)
                    .hasMessageContainingAll("'db'", "'greedy'");
            assertThat(subtask.state()).isEqualTo(State.FAILED);
        }
    }

    @Test
    void twoLimitersThatCrossFailInsteadOfHanging() throws Exception {
        Limiter left = Limiter.of("left", 1);
        Limiter right = Limiter.of("right", 1);
        CountDownLatch both = new CountDownLatch(2);
        try (var scope =
                MixedScope.open(Joiner.awaitAll(), with(TaskKind.BLOCKING, left).withLimiter(TaskKind.IO, right))) {
            Subtask<String> blocking = scope.fork("blocking", TaskKind.BLOCKING, () -> {
                both.countDown();
                Patience.await(both);
                return right.call(() -> "has both");
            });
            Subtask<String> io = scope.fork("io", TaskKind.IO, () -> {
                both.countDown();
                Patience.await(both);
                return left.call(() -> "has both");
            });
            scope.join();
            // if both get in line at the same instant, both may be told
            List<Subtask<String>> failed = Stream.of(blocking, io)
                    .filter(subtask -> subtask.state() == State.FAILED)
                    .toList();
            assertThat(failed)
                    .isNotEmpty()
                    .allSatisfy(subtask -> assertThat(subtask.exception())
                            .isInstanceOf(LimiterDeadlockException.class)
                            .hasMessageContainingAll("'left'", "'right'", "'blocking'", "'io'"));
            assertThat(Stream.of(blocking, io).filter(subtask -> !failed.contains(subtask)))
                    .allSatisfy(subtask -> assertThat(subtask.get()).isEqualTo("has both"));
        }
    }

    @Test
    void aForkThatClosesTheCycleFailsTheForkedOne() throws Exception {
        Limiter shared = Limiter.of("db", 1);
        AtomicReference<Subtask<String>> late = new AtomicReference<>();
        AtomicReference<Thread> parentThread = new AtomicReference<>();
        try (var outer = MixedScope.open(Joiner.awaitAll(), with(TaskKind.BLOCKING, shared))) {
            Subtask<Void> parent = outer.fork("parent", TaskKind.BLOCKING, () -> {
                parentThread.set(Thread.currentThread());
                try (var inner = MixedScope.open(with(TaskKind.BLOCKING, shared))) {
                    inner.fork("forker", TaskKind.IO, () -> {
                        Patience.until(
                                "the parent joins", () -> parentThread.get().getState() == Thread.State.WAITING);
                        late.set(inner.fork("late", TaskKind.BLOCKING, () -> "never"));
                    });
                    inner.join();
                }
            });
            outer.join();
            assertThat(parent.exception())
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCauseInstanceOf(LimiterDeadlockException.class);
            assertThat(late.get().exception()).hasMessageContainingAll("'late'", "'parent'", "'db'");
        }
    }

    // ---------------------------------------------------------------- waits that end

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whereASecondPermitIsLeftNestedUseGoesOn(TaskKind kind) throws Exception {
        Limiter shared = Limiter.of("db", 2);
        for (int round = 0; round < 100; round++) {
            try (var outer = MixedScope.open(with(kind, shared))) {
                Subtask<Integer> parent = outer.fork(kind, () -> {
                    try (var inner = MixedScope.open(with(kind, shared))) {
                        List<Subtask<Integer>> children = IntStream.range(0, 5)
                                .mapToObj(n -> inner.fork(kind, () -> n))
                                .toList();
                        inner.join();
                        return children.stream().mapToInt(Subtask::get).sum();
                    }
                });
                outer.join();
                assertThat(parent.get()).isEqualTo(10);
            }
        }
    }

    @Test
    void whereTheHolderOfTheOtherPermitRunsNestedUseWaits() throws Exception {
        Limiter shared = Limiter.of("db", 2);
        CountDownLatch waits = new CountDownLatch(1);
        try (var outer = MixedScope.open(with(TaskKind.BLOCKING, shared))) {
            outer.fork(TaskKind.BLOCKING, () -> {
                Patience.await(waits);
                Patience.until("the child waits in line", () -> shared.stats().waiting() == 1);
            });
            Subtask<String> parent = outer.fork(TaskKind.BLOCKING, () -> {
                try (var inner = MixedScope.open(with(TaskKind.BLOCKING, shared))) {
                    Patience.until(
                            "both permits are taken", () -> shared.stats().inUse() == 2);
                    Subtask<String> child = inner.fork(TaskKind.BLOCKING, () -> "child");
                    waits.countDown();
                    inner.join();
                    return child.get();
                }
            });
            outer.join();
            assertThat(parent.get()).isEqualTo("child");
        }
    }

    @Test
    void whoHoldsNoPermitMayWaitForWhoNeedsOne() throws Exception {
        Limiter shared = Limiter.of("db", 1);
        try (var outer = MixedScope.open(with(TaskKind.BLOCKING, shared))) {
            List<Subtask<Integer>> parents = IntStream.range(0, 50)
                    .mapToObj(n -> outer.fork(TaskKind.IO, () -> {
                        Subtask<Integer> child = outer.fork(TaskKind.BLOCKING, () -> n);
                        return child.await();
                    }))
                    .toList();
            outer.join();
            assertThat(parents.stream().mapToInt(Subtask::get).sum()).isEqualTo(1_225);
        }
    }

    @Test
    void aResizeLetsNestedUseGoOn() throws Exception {
        Limiter shared = Limiter.of("db", 2);
        try (var outer = MixedScope.open(with(TaskKind.BLOCKING, shared))) {
            Subtask<Integer> parent = outer.fork(TaskKind.BLOCKING, () -> {
                shared.resize(1);
                try (var inner = MixedScope.open(with(TaskKind.BLOCKING, shared))) {
                    Subtask<Integer> child = inner.fork(TaskKind.BLOCKING, () -> 1);
                    shared.resize(2);
                    inner.join();
                    return child.get();
                }
            });
            outer.join();
            assertThat(parent.get()).isEqualTo(1);
        }
    }

    @Test
    void theConfigurationRefusesNull() {
        ScopeConfig config = ScopeConfig.defaults();
        assertThatThrownBy(() -> config.withLimiter(null, Limiter.of(1))).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> config.withLimiter(TaskKind.IO, null)).isInstanceOf(NullPointerException.class);
    }

    /** The grant and the cancel cross, and the scope is closed before the grant gets to its dispatcher. */
    @Test
    void aPermitThatIsGrantedWhenTheScopeIsAlreadyClosedComesBack() throws Exception {
        Limiter shared = Limiter.of("shared", 1);
        ScopedSubtask<?> late;
        try (var scope = MixedScope.open(Joiner.awaitAll(), with(TaskKind.BLOCKING, shared))) {
            scope.cancel();
            late = (ScopedSubtask<?>) scope.fork(TaskKind.BLOCKING, () -> "late");
            scope.join();
        }
        Patience.until("its own permit is back", () -> shared.stats().inUse() == 0);
        Dispatcher closed = new Dispatcher("closed");
        closed.end();
        closed.run();
        assertThat(shared.tryEnter(late)).isTrue();
        closed.request(late, null);
        assertThat(shared.stats().inUse()).isZero();
    }
}
