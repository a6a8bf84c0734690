package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a join gives, to whom, and how often. */
class JoinResultTest {

    @Test
    void theListsOfJoinersCannotBeChanged() throws Exception {
        try (var scope = MixedScope.<String, List<String>>open(Joiner.allSuccessfulOrThrow())) {
            assertThatThrownBy(() -> scope.join().add("more")).isInstanceOf(UnsupportedOperationException.class);
            scope.fork(() -> "one");
            List<String> results = scope.join();
            assertThatThrownBy(() -> results.add("more")).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> results.remove(0)).isInstanceOf(UnsupportedOperationException.class);
        }
        try (var scope = MixedScope.<String, List<Subtask<String>>>open(Joiner.allUntil(subtask -> false))) {
            List<Subtask<String>> none = scope.join();
            Subtask<String> one = scope.fork(() -> "one");
            List<Subtask<String>> subtasks = scope.join();
            assertThat(none).isEmpty();
            assertThat(subtasks).containsExactly(one);
            assertThatThrownBy(() -> subtasks.add(one)).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    static List<Joiner<Object, ?>> everyJoiner() {
        return List.of(
                Joiner.awaitAllSuccessfulOrThrow(),
                Joiner.allSuccessfulOrThrow(),
                Joiner.anySuccessfulOrThrow(),
                Joiner.awaitAll(),
                Joiner.allUntil(subtask -> false));
    }

    @ParameterizedTest
    @MethodSource("everyJoiner")
    void theDeadlineMakesJoinThrowEachTimeWhateverTheJoiner(Joiner<Object, ?> joiner) {
        try (var scope = MixedScope.<Object, Object>open(joiner, c -> c.withTimeout(Duration.ofMillis(100)))) {
            Subtask<Void> slow = scope.fork(() -> Patience.forever());
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
            }
            assertThat(slow.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void aFurtherJoinGivesTheSameWinner() throws Exception {
        try (var scope = MixedScope.<String, String>open(Joiner.anySuccessfulOrThrow())) {
            scope.fork(() -> "the winner");
            for (int i = 0; i < 3; i++) {
                assertThat(scope.join()).isEqualTo("the winner");
            }
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void afterTheJoinEveryThreadMayLook(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> good = scope.fork(kind, () -> "good");
            Subtask<Object> bad = scope.fork(kind, () -> {
                throw new IllegalStateException("bad");
            });
            scope.join();
            Patience.onItsOwnThread(() -> {
                assertThat(good.get()).isEqualTo("good");
                assertThatThrownBy(good::exception).isInstanceOf(IllegalStateException.class);
                assertThat(bad.exception()).hasMessage("bad");
                assertThatThrownBy(bad::get).isInstanceOf(IllegalStateException.class);
                return null;
            });
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void allUntilHasEveryForkAlsoThoseAroundItsCancel(TaskKind kind) throws Exception {
        AtomicInteger failed = new AtomicInteger();
        List<Subtask<String>> forked = new ArrayList<>();
        try (var scope = MixedScope.<String, List<Subtask<String>>>open(
                Joiner.allUntil(subtask -> subtask.state() == State.FAILED && failed.incrementAndGet() >= 2))) {
            Deadline giveUp = Deadline.after(Duration.ofSeconds(Patience.LIMIT_SECONDS));
            while (scope.cancelReason().isEmpty() && !giveUp.isExpired()) {
                forked.add(scope.fork(kind, () -> "good"));
                forked.add(scope.fork(kind, () -> {
                    throw new IllegalStateException("bad");
                }));
            }
            assertThat(scope.join()).isEqualTo(forked);
            assertThat(forked)
                    .filteredOn(subtask -> subtask.state() == State.FAILED)
                    .hasSizeGreaterThanOrEqualTo(2);
            assertThat(forked).noneMatch(subtask -> subtask.state() == State.UNAVAILABLE);
        }
    }

    /** A cancel asks a task to stop; what it returns all the same is not thrown away. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatACancelledTaskStillReturnsIsItsResult(TaskKind kind) throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> subtask = scope.fork(kind, () -> {
                running.countDown();
                try {
                    Patience.forever();
                    return "never";
                } catch (InterruptedException e) {
                    return "what there was so far";
                }
            });
            Patience.await(running);
            scope.cancel();
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.SUCCESS);
            assertThat(subtask.get()).isEqualTo("what there was so far");
            assertThat(subtask.cancelReason()).isPresent();
        }
    }

    @Test
    void aScopeThatHasEndedByItselfWasNeverCancelled() throws Exception {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.fork(() -> "done");
        scope.join();
        scope.close();
        scope.cancel("too late");
        assertThat(scope.cancelReason()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void anErrorLosesARaceAsAnyFailureDoes(TaskKind kind) throws Exception {
        try (var scope = MixedScope.<String, String>open(Joiner.anySuccessfulOrThrow())) {
            Subtask<String> fatal = scope.fork(kind, () -> {
                throw new StackOverflowError("not in this task");
            });
            scope.fork(kind, () -> {
                Patience.until("the other has failed", () -> fatal.state() == State.FAILED);
                return "the winner";
            });
            assertThat(scope.join()).isEqualTo("the winner");
        }
    }

    @Test
    void aRaceThatAllLoseHasTheOthersSuppressedOnWhatItThrows() {
        CountDownLatch all = new CountDownLatch(3);
        ScopeFailedException thrown = catchThrowableOfType(
                ScopeFailedException.class,
                () -> MixedScope.<String>race(() -> lose(all, "a"), () -> lose(all, "b"), () -> lose(all, "c")));
        assertThat(thrown.failures()).hasSize(3);
        assertThat(thrown.getSuppressed()).hasSize(2).doesNotContain(thrown.getCause());
    }

    private static String lose(CountDownLatch all, String name) {
        all.countDown();
        Patience.awaitDeaf(all);
        throw new IllegalStateException(name);
    }
}
