package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The five joiners. */
class JoinersTest {

    @Test
    void theDefaultCancelsTheOthersAtTheFirstFailure() {
        try (var scope = MixedScope.open()) {
            Subtask<Void> other = scope.fork(() -> Patience.forever());
            Subtask<Object> failed = scope.fork(() -> {
                throw new IllegalStateException("first");
            });
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasRootCauseMessage("first");
            assertThat(other.state()).isEqualTo(State.CANCELLED);
            CancelReason reason = other.cancelReason().orElseThrow();
            assertThat(reason.source()).isEqualTo(Source.FAILURE);
            assertThat(reason.failedSubtask()).containsSame(failed);
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void allSuccessfulReturnsTheResultsInTheOrderOfTheForks(TaskKind kind) throws Exception {
        try (var scope = MixedScope.<Integer, List<Integer>>open(Joiner.allSuccessfulOrThrow())) {
            IntStream.range(0, 20).forEach(n -> scope.fork(kind, (Integer i) -> i * i, n));
            assertThat(scope.join())
                    .isEqualTo(IntStream.range(0, 20).map(n -> n * n).boxed().toList());
        }
    }

    @Test
    void allSuccessfulKeepsTheOrderOfTheForksWhenTheyEndInReverse() throws Exception {
        CountDownLatch second = new CountDownLatch(1);
        try (var scope = MixedScope.<String, List<String>>open(Joiner.allSuccessfulOrThrow())) {
            scope.fork(() -> {
                Patience.await(second);
                return "first";
            });
            scope.fork(() -> {
                second.countDown();
                return null;
            });
            assertThat(scope.join()).containsExactly("first", null);
        }
    }

    @Test
    void allSuccessfulOfNothingIsEmptyAndThrowsAtAFailure() throws Exception {
        try (var scope = MixedScope.<String, List<String>>open(Joiner.allSuccessfulOrThrow())) {
            assertThat(scope.join()).isEmpty();
            scope.fork(() -> {
                throw new IllegalStateException("one");
            });
            Subtask<Void> other = scope.fork(() -> Patience.forever());
            assertThatThrownBy(scope::join).hasRootCauseMessage("one");
            assertThat(other.state()).isEqualTo(State.CANCELLED);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void theRaceReturnsTheFirstSuccessAndCancelsTheOthers(TaskKind kind) throws Exception {
        try (var scope = MixedScope.<String, String>open(Joiner.anySuccessfulOrThrow())) {
            CountDownLatch failed = new CountDownLatch(1);
            Subtask<String> slow = scope.fork(kind, () -> {
                Patience.forever();
                return "slow";
            });
            Subtask<String> loser = scope.fork(kind, () -> {
                failed.countDown();
                throw new IllegalStateException("a failure does not end the race");
            });
            scope.fork(kind, () -> {
                Patience.until("the other has failed", () -> loser.state() == State.FAILED);
                return "fast";
            });
            assertThat(scope.join()).isEqualTo("fast");
            assertThat(slow.state()).isEqualTo(State.CANCELLED);
            assertThat(slow.cancelReason().orElseThrow().source()).isEqualTo(Source.JOINER);
        }
    }

    @Test
    void aRaceMayBeWonByNull() throws Exception {
        try (var scope = MixedScope.<String, String>open(Joiner.anySuccessfulOrThrow())) {
            scope.fork(() -> (String) null);
            assertThat(scope.join()).isNull();
        }
    }

    @Test
    void aRaceThatAllLoseThrowsTheFirstFailureAndHasAll() {
        try (var scope = MixedScope.<String, String>open(Joiner.anySuccessfulOrThrow())) {
            Subtask<String> first = scope.fork(() -> {
                throw new IllegalStateException("first");
            });
            scope.fork(() -> {
                Patience.until("the first has failed", () -> first.state() == State.FAILED);
                throw new IllegalStateException("second");
            });
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown.failures()).hasSize(2);
            assertThat(thrown.getCause()).isSameAs(thrown.failures().get(0).exception());
        }
    }

    @Test
    void aRaceOfNobodyThrows() {
        try (var scope = MixedScope.<String, String>open(Joiner.anySuccessfulOrThrow())) {
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCauseInstanceOf(NoSuchElementException.class);
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void theSupervisorThrowsNothingAndCancelsNothing(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Object> failed = scope.fork(kind, () -> {
                throw new IllegalStateException("looked at later");
            });
            Subtask<String> good = scope.fork(kind, () -> "good");
            scope.join();
            assertThat(failed.exception())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("looked at later");
            assertThat(good.get()).isEqualTo("good");
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @Test
    void theSupervisorThrowsNothingWhenItIsCancelled() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(() -> Patience.forever());
            scope.cancel("enough");
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void allUntilCancelsTheRestOnceItsPredicateHolds() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (var scope = MixedScope.<String, List<Subtask<String>>>open(
                Joiner.allUntil(subtask -> subtask.state() == State.SUCCESS && asked.incrementAndGet() == 2))) {
            Subtask<String> a = scope.fork(() -> "a");
            Subtask<String> never = scope.fork(() -> {
                Patience.forever();
                return "never";
            });
            Subtask<String> failed = scope.fork(() -> {
                throw new IllegalStateException("does not count");
            });
            Subtask<String> b = scope.fork(() -> "b");
            assertThat(scope.join()).containsExactly(a, never, failed, b);
            assertThat(never.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void allUntilThatNeverHoldsWaitsForAll() throws Exception {
        try (var scope = MixedScope.<String, List<Subtask<String>>>open(Joiner.allUntil(subtask -> false))) {
            Subtask<String> a = scope.fork(() -> "a");
            Subtask<String> b = scope.fork(() -> "b");
            assertThat(scope.join()).containsExactly(a, b);
            assertThat(a.get() + b.get()).isEqualTo("ab");
        }
    }
}
