package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.core.Cpu;
import dev.loomscope.core.TaskKind;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many items at once, in order, with a bound. */
class MapTest {

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void theResultsComeInTheOrderOfTheItems(TaskKind kind) throws Exception {
        List<Integer> items = IntStream.range(0, 500).boxed().toList();
        try (var scope = MixedScope.open()) {
            List<Integer> squares = scope.map(kind, items, n -> n * n);
            assertThat(squares).isEqualTo(items.stream().map(n -> n * n).toList());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void neverMoreAtOnceThanAllowedAndTheSourceIsNotReadAhead(TaskKind kind) throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        AtomicInteger ahead = new AtomicInteger();
        Iterable<Integer> source = () -> IntStream.range(0, 300)
                .peek(n -> ahead.accumulateAndGet(taken.incrementAndGet() - done.get(), Math::max))
                .iterator();
        try (var scope = MixedScope.open()) {
            scope.forEach(kind, 7, source, n -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                Thread.yield();
                running.decrementAndGet();
                done.incrementAndGet();
            });
        }
        assertThat(done).hasValue(300);
        assertThat(most.get()).isBetween(1, 7);
        assertThat(ahead.get()).isLessThanOrEqualTo(9); // those in work, the next, and one that the iterator holds
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void theFirstFailureEndsItAndSaysWhichItem(TaskKind kind) throws Exception {
        List<Integer> items = IntStream.range(0, 200).boxed().toList();
        try (var scope = MixedScope.open()) {
            Subtask<String> other = scope.fork(() -> "untouched");
            ScopeFailedException thrown = catchThrowableOfType(
                    ScopeFailedException.class, () -> scope.map(kind, 1, items, MapTest::failOnThirteen));
            assertThat(thrown).hasCauseInstanceOf(IllegalArgumentException.class);
            assertThat(thrown.getCause()).hasMessage("thirteen");
            assertThat(thrown.failures()).hasSize(1);
            assertThat(thrown.failures().get(0).subtask().name()).startsWith("item");
            scope.join(); // this scope knows nothing of it
            assertThat(other.get()).isEqualTo("untouched");
        }
    }

    private static int failOnThirteen(int n) {
        if (n == 13) {
            throw new IllegalArgumentException("thirteen");
        }
        return n;
    }

    @Test
    void theCancelOfTheScopeAroundEndsIt() {
        CountDownLatch inWork = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            scope.fork(() -> {
                Patience.await(inWork);
                throw new IllegalStateException("elsewhere");
            });
            assertThatThrownBy(() -> scope.forEach(List.of(1, 2, 3), n -> {
                        inWork.countDown();
                        Patience.forever();
                    }))
                    .isInstanceOf(ScopeFailedException.class);
            assertThatThrownBy(scope::join).hasRootCauseMessage("elsewhere");
        }
    }

    @Test
    void anInterruptEndsItAndWhatIsInWork() throws Exception {
        Thread owner = Thread.currentThread();
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.forEach(List.of(1), n -> {
                        owner.interrupt();
                        Patience.forever();
                    }))
                    .isInstanceOf(InterruptedException.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    @Test
    void aSourceThatThrowsEndsIt() {
        Iterable<Integer> broken = () -> Stream.of(1, 2, 3)
                .peek(n -> {
                    if (n == 3) {
                        throw new IllegalStateException("no third");
                    }
                })
                .iterator();
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.map(broken, n -> n)).hasMessage("no third");
        }
    }

    @Test
    void theFunctionSaysWhereItRuns() throws Exception {
        try (var scope = MixedScope.open()) {
            long here = ProcessHandle.current().pid();
            assertThat(scope.map(List.of(1, 2, 3), MapTest::pidOfTheWorker)).doesNotContain(here);
        }
    }

    @Cpu
    private static long pidOfTheWorker(int n) {
        return ProcessHandle.current().pid();
    }

    /** A type of the program's own comes back from a worker, also in a list of many. */
    record Square(int of, int value) implements Serializable {}

    @Test
    void chunksCarryTheProgramsOwnTypes() throws Exception {
        List<Integer> items = IntStream.range(0, 10_000).boxed().toList();
        try (var scope = MixedScope.open()) {
            List<Square> squares = scope.map(TaskKind.CPU, items, n -> new Square(n, n * n));
            assertThat(squares).hasSize(10_000).element(99).isEqualTo(new Square(99, 9801));
        }
    }

    @Test
    void nullItemsAndNullResultsAreItemsAndResults() throws Exception {
        List<String> items = new ArrayList<>();
        items.add(null);
        items.add("a");
        try (var scope = MixedScope.open()) {
            assertThat(scope.<String, String>map(items, text -> text == null ? "was null" : null))
                    .containsExactly("was null", null);
        }
    }

    @Test
    void noItemsNoWork() throws Exception {
        try (var scope = MixedScope.open()) {
            assertThat(scope.map(List.<Integer>of(), n -> n)).isEmpty();
        }
    }

    @Test
    void anImpossibleBoundIsRefused() {
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.map(TaskKind.IO, 0, List.of(1), n -> n))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("0");
        }
    }

    @Test
    void theDeadlineOfTheScopeHoldsInside() {
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofMillis(50)))) {
            assertThatThrownBy(() -> scope.forEach(List.of(1, 2), n -> Patience.forever()))
                    .isInstanceOf(ScopeFailedException.class);
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    @Timeout(Patience.LIMIT_SECONDS)
    void itemsThatWaitForAPermitOfWhoWaitsForThemFailInsteadOfHanging() {
        Limiter one = Limiter.of("one", 1);
        try (var scope = MixedScope.open(c -> c.withLimiter(TaskKind.BLOCKING, one))) {
            scope.fork("holder", TaskKind.BLOCKING, () -> scope.map(TaskKind.BLOCKING, List.of(1, 2, 3), n -> n));
            Throwable thrown = catchThrowable(scope::join);
            assertThat(thrown).hasRootCauseInstanceOf(LimiterDeadlockException.class);
            assertThat(thrown)
                    .rootCause()
                    .hasMessageContaining("'one' (1 permit)")
                    .hasMessageContaining("'item ");
        }
    }

    @Test
    void itemsGoOnWhileAnybodyElseMayGiveAPermitBack() throws Exception {
        Limiter two = Limiter.of("two", 2);
        CountDownLatch mapping = new CountDownLatch(1);
        try (var scope = MixedScope.open(c -> c.withLimiter(TaskKind.BLOCKING, two))) {
            scope.fork(TaskKind.BLOCKING, () -> Patience.await(mapping));
            Subtask<List<Integer>> squares = scope.fork(
                    TaskKind.BLOCKING,
                    () -> scope.map(
                            TaskKind.BLOCKING,
                            (Iterable<Integer>) () -> Stream.of(1, 2, 3)
                                    .peek(n -> mapping.countDown())
                                    .iterator(),
                            n -> n * n));
            scope.join();
            assertThat(squares.get()).containsExactly(1, 4, 9);
        }
    }

    @Test
    void anItemThatWasCancelledAloneIsNoNullInTheResult() {
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.map(TaskKind.IO, List.of(1, 2), n -> {
                        if (n == 2) {
                            scope.snapshot().inside().get(0).subtasks().stream()
                                    .map(ScopeSnapshot.Entry::subtask)
                                    .filter(subtask -> subtask.name().equals("item 1"))
                                    .forEach(Subtask::cancel);
                            Patience.forever();
                        }
                        return n;
                    }))
                    .isInstanceOf(CancellationException.class)
                    .hasMessageContaining("item 1");
        }
    }
}
