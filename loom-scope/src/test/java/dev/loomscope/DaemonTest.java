package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Subtasks that end with the others. */
class DaemonTest {

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    private static void assertEndedWithTheOthers(Subtask<?> daemon) {
        assertThat(daemon.state()).isEqualTo(State.CANCELLED);
        assertThat(daemon.cancelReason().orElseThrow().source()).isEqualTo(Source.OTHERS_ENDED);
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void endsWhenTheOthersHaveEnded(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> daemon = scope.forkDaemon(kind, () -> Patience.forever());
            Subtask<String> other = scope.fork(() -> {
                Patience.until("the daemon runs", () -> daemon.startedAt().isPresent());
                return "done";
            });
            scope.join();
            assertThat(other.get()).isEqualTo("done");
            assertEndedWithTheOthers(daemon);
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void endsInEachRoundWithTheOthersOfThatRound(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            for (int round = 0; round < 20; round++) {
                Subtask<Void> daemon = scope.forkDaemon(kind, () -> Patience.forever());
                Subtask<Integer> other = scope.fork(kind, () -> 1);
                scope.join();
                assertThat(other.get()).isEqualTo(1);
                assertEndedWithTheOthers(daemon);
            }
        }
    }

    @Test
    void joinWaitsUntilItsCleanUpHasEnded() throws Exception {
        List<String> trail = new CopyOnWriteArrayList<>();
        try (var scope = MixedScope.open()) {
            Subtask<Void> daemon = scope.forkDaemon(() -> {
                try {
                    Patience.forever();
                } finally {
                    Shield.run(() -> {
                        Thread.yield();
                        trail.add("cleaned up");
                    });
                }
            });
            Patience.until("it runs", () -> daemon.startedAt().isPresent());
            scope.fork(() -> {});
            scope.join();
            trail.add("joined");
        }
        assertThat(trail).containsExactly("cleaned up", "joined");
    }

    @Test
    void aScopeOfDaemonsOnlyJoinsAtOnce() throws Exception {
        List<Subtask<Void>> daemons = new ArrayList<>();
        try (var scope = MixedScope.open()) {
            for (TaskKind kind : TaskKind.values()) {
                daemons.add(scope.forkDaemon(kind, () -> Patience.forever()));
            }
            scope.join();
        }
        assertThat(daemons).allSatisfy(DaemonTest::assertEndedWithTheOthers);
    }

    @Test
    void oneThatEndsByItselfIsASuccess() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> daemon = scope.forkDaemon(() -> {});
            scope.fork(() -> Patience.until("it has ended", () -> daemon.state() != State.UNAVAILABLE));
            scope.join();
            assertThat(daemon.state()).isEqualTo(State.SUCCESS);
            assertThat(daemon.get()).isNull();
        }
    }

    @Test
    void whatItForksOnItsWayOutIsWaitedFor() throws Exception {
        AtomicReference<Subtask<Void>> late = new AtomicReference<>();
        AtomicReference<Subtask<String>> lateOther = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            Subtask<Void> daemon = scope.forkDaemon(() -> {
                try {
                    Patience.forever();
                } catch (InterruptedException e) {
                    late.set(scope.forkDaemon(() -> Patience.forever()));
                    lateOther.set(scope.fork(() -> "regular"));
                }
            });
            scope.fork(() -> Patience.until("it runs", () -> daemon.startedAt().isPresent()));
            scope.join();
            assertEndedWithTheOthers(late.get());
            assertThat(lateOther.get().get()).isEqualTo("regular");
        }
    }

    /** Who continues a daemon is one, or else the join would wait for what only the join can end. */
    @Test
    void itsContinuationIsADaemonToo() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> daemon = scope.forkDaemon(() -> Patience.forever());
            Subtask<String> next = daemon.then(nothing -> "never");
            scope.fork(() -> {});
            scope.join();
            assertThat(daemon.state()).isEqualTo(State.CANCELLED);
            assertThat(next.state()).isEqualTo(State.CANCELLED);
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void itsFailureFailsTheScopeAndCancelsTheOthers(TaskKind kind) {
        try (var scope = MixedScope.open()) {
            Subtask<Void> other = scope.fork(() -> Patience.forever());
            Subtask<Void> daemon = scope.forkDaemon("guard", kind, () -> {
                throw new IllegalStateException("broken");
            });
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown).hasMessageContaining("guard");
            assertThat(thrown.failures())
                    .extracting(ScopeFailedException.Failure::subtask)
                    .containsExactly(daemon);
            assertThat(other.state()).isEqualTo(State.CANCELLED);
            assertThat(other.cancelReason().orElseThrow().failedSubtask()).contains(daemon);
        }
    }

    @Test
    void aFailureOfItsCleanUpIsNotLost() {
        IllegalStateException failure = new IllegalStateException("in clean-up");
        try (var scope = MixedScope.open()) {
            Subtask<Void> daemon = scope.forkDaemon(() -> {
                try {
                    Patience.forever();
                } catch (InterruptedException e) {
                    throw failure;
                }
            });
            scope.fork(() -> Patience.until("it runs", () -> daemon.startedAt().isPresent()));
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(failure);
        }
    }

    @Test
    void theListOfAJoinerHasNoDaemons() throws Exception {
        try (var scope = MixedScope.<Object, List<Object>>open(Joiner.allSuccessfulOrThrow())) {
            scope.forkDaemon(() -> Patience.forever());
            scope.fork(() -> "first");
            Subtask<Void> brief = scope.forkDaemon(() -> {});
            scope.fork(() -> {
                Patience.until("the short one has ended", () -> brief.state() == State.SUCCESS);
                return "second";
            });
            assertThat(scope.join()).containsExactly("first", "second");
        }
    }

    @Test
    void inARaceItIsNoRunner() throws Exception {
        try (var scope = MixedScope.<Object, Object>open(Joiner.anySuccessfulOrThrow())) {
            Subtask<Void> daemon = scope.forkDaemon(() -> {});
            scope.fork(() -> {
                Patience.until("the daemon has ended", () -> daemon.state() == State.SUCCESS);
                return "winner";
            });
            assertThat(scope.join()).isEqualTo("winner");
        }
    }

    @Test
    void namesAndViewsAreLikeThoseOfOthers() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> named = scope.forkDaemon("heart-beat", TaskKind.BLOCKING, () -> Patience.forever());
            Subtask<String> withResult = scope.asDaemons().fork("cache", () -> "result");
            Subtask<Void> patient =
                    scope.asDaemons().withCancelPolicy(CancelPolicy.WAIT).fork(() -> {});
            assertThat(named.name()).isEqualTo("heart-beat");
            assertThat(named.kind()).isEqualTo(TaskKind.BLOCKING);
            assertThat(withResult.await()).isEqualTo("result");
            assertThat(patient.await()).isNull();
            assertThat(scope.forker().asDaemons().toString()).contains(scope.name(), "daemon=true");
            scope.join();
            assertEndedWithTheOthers(named);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void oneThatWaitsForAPermitNeverStarts(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(kind, 1))) {
            Subtask<Void> running = scope.fork(kind, () -> Patience.await(release));
            Subtask<Void> queued = scope.forkDaemon(kind, () -> Patience.forever());
            Subtask<Void> behind = scope.fork(kind, () -> {});
            Patience.until("it runs", () -> running.startedAt().isPresent());
            queued.cancel(); // or else it would take the only permit
            release.countDown();
            scope.join();
            assertThat(behind.state()).isEqualTo(State.SUCCESS);
            assertThat(queued.startedAt()).isEmpty();
        }
    }

    @Test
    void leavingWithoutAJoinEndsItAndComplains() {
        AtomicReference<Subtask<Void>> daemon = new AtomicReference<>();
        assertThatThrownBy(() -> {
                    try (var scope = MixedScope.open()) {
                        daemon.set(scope.forkDaemon(() -> Patience.forever()));
                    }
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("without a join");
        assertThat(daemon.get().cancelReason().orElseThrow().source()).isEqualTo(Source.OWNER_LEFT);
    }

    @Test
    void aJoinThatIsInterruptedWhileTheyEndCanBeRepeated() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        Thread owner = Thread.currentThread();
        try (var scope = MixedScope.open()) {
            Subtask<Void> daemon = scope.asDaemons()
                    .withCancelPolicy(CancelPolicy.WAIT)
                    .fork(() -> {
                        Patience.until("it is ended", () -> isCancelled());
                        owner.interrupt();
                        Patience.await(release);
                    });
            Patience.until("it runs", () -> daemon.startedAt().isPresent());
            assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
            release.countDown();
            scope.join();
            assertThat(daemon.state()).isEqualTo(State.SUCCESS);
        }
    }

    private static boolean isCancelled() {
        try {
            MixedScope.checkCancelled();
            return false;
        } catch (CancellationException e) {
            return true;
        }
    }

    @Test
    void joinInTheBodyOfACallEndsThemToo() throws Exception {
        AtomicReference<Subtask<Void>> daemon = new AtomicReference<>();
        assertThat(MixedScope.<String, RuntimeException>call(scope -> {
                    daemon.set(scope.forkDaemon(() -> Patience.forever()));
                    return "done";
                }))
                .isEqualTo("done");
        assertEndedWithTheOthers(daemon.get());
    }
}
