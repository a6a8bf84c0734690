package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Deadlines that are moved, and those of several scopes. */
class MoveDeadlineTest {

    private static final Duration SHORT = Duration.ofMillis(50);
    private static final Deadline FAR = Deadline.after(Duration.ofHours(1));
    private static final Deadline FARTHER = Deadline.after(Duration.ofHours(2));

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    @Test
    void aLaterOneIsWaitedForInstead() throws Exception {
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofSeconds(1)))) {
            Deadline first = scope.deadline().orElseThrow();
            scope.moveDeadline(FAR);
            Subtask<String> subtask = scope.fork(() -> {
                Patience.until("the first has passed", first::isExpired);
                return "in time";
            });
            scope.join();
            assertThat(subtask.get()).isEqualTo("in time");
            assertThat(scope.cancelReason()).isEmpty();
            assertThat(scope.deadline()).contains(FAR);
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void anEarlierOneCancelsEarlier(TaskKind kind) {
        try (var scope = MixedScope.open(c -> c.withDeadline(FAR))) {
            Subtask<Void> subtask = scope.fork(kind, () -> Patience.forever());
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.moveDeadline(Deadline.after(SHORT));
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void aScopeWithoutOneGetsOne() {
        try (var scope = MixedScope.open()) {
            assertThat(scope.deadline()).isEmpty();
            scope.fork(() -> Patience.forever());
            scope.moveDeadline(Deadline.after(SHORT));
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void oneInThePastCancelsAtOnce() {
        try (var scope = MixedScope.open()) {
            Subtask<Void> subtask = scope.fork(() -> Patience.forever());
            scope.moveDeadline(Deadline.after(Duration.ZERO));
            assertThat(scope.cancelReason().orElseThrow().source()).isEqualTo(Source.DEADLINE);
            assertThat(subtask.cancelReason().orElseThrow().source()).isEqualTo(Source.DEADLINE);
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void afterItHasPassedNothingIsMovedAnyMore() {
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ZERO))) {
            CancelReason reason = scope.cancelReason().orElseThrow();
            Deadline passed = scope.deadline().orElseThrow();
            scope.moveDeadline(FAR);
            assertThat(scope.cancelReason()).containsSame(reason);
            assertThat(scope.deadline()).contains(passed);
            assertThat(scope.fork(() -> "late").state()).isEqualTo(State.CANCELLED);
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
        }
    }

    @Test
    void aScopeThatWasCancelledForAnotherReasonKeepsIt() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.fork(() -> Patience.forever());
            scope.cancel("enough");
            scope.moveDeadline(Deadline.after(Duration.ZERO));
            scope.join();
            assertThat(scope.cancelReason().orElseThrow().source()).isEqualTo(Source.EXPLICIT);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aChildMayMoveItAndIsReachedItself(TaskKind kind) {
        try (var scope = MixedScope.open(c -> c.withDeadline(FAR))) {
            Subtask<Void> child = scope.fork(kind, () -> {
                scope.moveDeadline(Deadline.after(Duration.ZERO));
                return Patience.forever();
            });
            assertThatThrownBy(scope::join).isInstanceOf(DeadlineExceededException.class);
            assertThat(child.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void othersMayNotMoveIt() throws Exception {
        var scope = MixedScope.open();
        Patience.onItsOwnThread(() -> {
            assertThatThrownBy(() -> scope.moveDeadline(FAR)).isInstanceOf(WrongThreadException.class);
            return null;
        });
        assertThatThrownBy(() -> scope.moveDeadline(null)).isInstanceOf(NullPointerException.class);
        scope.close();
        assertThatThrownBy(() -> scope.moveDeadline(FAR)).isInstanceOf(IllegalStateException.class);
    }

    /** Whichever comes first: if it was moved in time nothing is cancelled by it, and if not it stays cancelled. */
    @Test
    void aMoveThatRacesWithTheExpiryIsMadeOrTooLate() throws Exception {
        for (int round = 0; round < 1_000; round++) {
            try (var scope = MixedScope.open(Joiner.awaitAll())) {
                Deadline near = Deadline.after(Duration.ofNanos(200_000 + round % 100 * 1_000));
                scope.moveDeadline(near);
                while (near.remaining().toNanos() > 20_000) {
                    Thread.onSpinWait();
                }
                scope.moveDeadline(FAR);
                boolean moved = scope.deadline().orElseThrow().equals(FAR);
                if (moved) {
                    Patience.until("the near one has passed", near::isExpired);
                    assertThat(scope.cancelReason()).as("round %d", round).isEmpty();
                } else {
                    Patience.until("it is cancelled", () -> scope.cancelReason().isPresent());
                    assertThat(scope.deadline()).contains(near);
                }
                scope.fork(() -> {});
                try {
                    scope.join();
                    assertThat(moved).isTrue();
                } catch (DeadlineExceededException e) {
                    assertThat(moved).isFalse();
                }
            }
        }
    }

    // ---------------------------------------------------------------- several scopes

    @Test
    void theEarliestOfThoseAroundIsInEffect() throws Exception {
        try (var outer = MixedScope.open(c -> c.withDeadline(FAR))) {
            try (var inner = MixedScope.open(c -> c.withDeadline(FARTHER))) {
                assertThat(inner.deadline()).contains(FAR);
                outer.moveDeadline(FARTHER);
                inner.moveDeadline(FAR);
                assertThat(inner.deadline()).contains(FAR);
                assertThat(outer.deadline()).contains(FARTHER);
            }
            Subtask<Optional<Deadline>> ofChild = outer.fork(() -> {
                try (var inner = MixedScope.open()) {
                    return inner.deadline();
                }
            });
            outer.join();
            assertThat(ofChild.get()).contains(FARTHER);
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void anOuterOneCancelsTheInnerScopeWhichSaysSo(TaskKind kind) throws Exception {
        AtomicReference<CancelReason> inner = new AtomicReference<>();
        AtomicReference<Throwable> joined = new AtomicReference<>();
        try (var outer = MixedScope.open()) {
            outer.fork(() -> {
                try (var scope = MixedScope.open(c -> c.withDeadline(FAR))) {
                    Subtask<Void> leaf = scope.fork(kind, () -> Patience.forever());
                    Patience.until("it runs", () -> leaf.startedAt().isPresent());
                    outer.moveDeadline(Deadline.after(SHORT));
                    try {
                        Shield.run(scope::join);
                    } catch (ScopeFailedException e) {
                        joined.set(e);
                    }
                    inner.set(scope.cancelReason().orElseThrow());
                }
            });
            assertThatThrownBy(outer::join).isInstanceOf(DeadlineExceededException.class);
        }
        assertThat(inner.get().source()).isEqualTo(Source.PARENT);
        assertThat(joined.get())
                .isInstanceOf(ScopeFailedException.class)
                .isNotInstanceOf(DeadlineExceededException.class);
    }

    // ---------------------------------------------------------------- deadlines as values

    @Test
    void theEarlierOfTwo() {
        assertThat(Deadline.min(FAR, FARTHER)).isSameAs(FAR);
        assertThat(Deadline.min(FARTHER, FAR)).isSameAs(FAR);
        assertThat(Deadline.min(FAR, FAR)).isSameAs(FAR);
    }

    @Test
    void anInstantOfTheWallClock() {
        assertThat(Deadline.at(Instant.now().minusSeconds(1)).isExpired()).isTrue();
        assertThat(Deadline.at(Instant.MIN).isExpired()).isTrue();
        Deadline later = Deadline.at(Instant.now().plusSeconds(3_600));
        assertThat(later.isExpired()).isFalse();
        assertThat(later.remaining()).isBetween(Duration.ofMinutes(50), Duration.ofMinutes(61));
        assertThat(Deadline.at(Instant.MAX).remaining()).isGreaterThan(Duration.ofDays(10_000));
        assertThatThrownBy(() -> Deadline.at(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void whatRemainsShrinksToZero() {
        Deadline deadline = Deadline.after(Duration.ofMillis(20));
        Duration before = deadline.remaining();
        Patience.until("it has passed", deadline::isExpired);
        assertThat(before).isPositive().isLessThanOrEqualTo(Duration.ofMillis(20));
        assertThat(deadline.remaining()).isZero();
        assertThat(deadline).isNotEqualTo(FAR);
    }
}
