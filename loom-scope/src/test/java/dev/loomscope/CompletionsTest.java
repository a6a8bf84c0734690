package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Subtasks in the order in which they end. */
class CompletionsTest {

    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    private static void awaitEnd(Subtask<?> subtask) {
        Patience.until("it has ended", () -> subtask.state() != State.UNAVAILABLE);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void comeInTheOrderInWhichTheyEnd(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            List<CountDownLatch> latches = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                CountDownLatch latch = new CountDownLatch(1);
                int number = i;
                latches.add(latch);
                scope.fork(kind, () -> {
                    Patience.await(latch);
                    return number;
                });
            }
            Completions<Object> completions = scope.completions();
            List<Object> order = new ArrayList<>();
            for (int i : List.of(3, 0, 4, 1, 2)) {
                latches.get(i).countDown();
                Subtask<Object> next = completions.next().orElseThrow();
                order.add(next.get()); // the owner may look: it was given out
            }
            assertThat(order).containsExactly(3, 0, 4, 1, 2);
            assertThat(completions.next()).isEmpty();
            scope.join();
        }
    }

    @Test
    void cpuSubtasksAreAmongThem() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Integer> cpu = scope.fork(TaskKind.CPU, () -> 42);
            assertThat((Object) scope.completions().next().orElseThrow()).isSameAs(cpu);
            assertThat(cpu.get()).isEqualTo(42);
            scope.join();
        }
    }

    @Test
    void thoseThatEndedBeforeAnybodyAskedComeFirstInTheirOrder() throws Exception {
        try (var scope = MixedScope.open()) {
            List<Subtask<?>> ended = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Subtask<String> subtask = scope.fork(() -> "early");
                awaitEnd(subtask);
                ended.add(subtask);
            }
            Completions<Object> completions = scope.completions();
            List<Subtask<?>> given = new ArrayList<>();
            completions.forEach(given::add);
            assertThat(given).isEqualTo(ended);
            Subtask<String> late = scope.fork(() -> "late");
            assertThat((Object) completions.next().orElseThrow()).isSameAs(late);
            assertThat(completions.next()).isEmpty();
            scope.join();
        }
    }

    @Test
    void whatWasSeenOtherwiseBeforeIsNotAmongThem() throws Exception {
        try (var scope = MixedScope.open()) {
            scope.fork(() -> "awaited").await();
            scope.fork(() -> "joined");
            scope.join();
            Subtask<String> unseen = scope.fork(() -> "unseen");
            Completions<Object> completions = scope.completions();
            assertThat((Object) completions.next().orElseThrow()).isSameAs(unseen);
            assertThat(completions.next()).isEmpty();
            scope.join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void goOnInTheNextRound(boolean sameQueue) throws Exception {
        try (var scope = MixedScope.open()) {
            Completions<Object> completions = scope.completions();
            for (int round = 0; round < 10; round++) {
                completions = sameQueue ? completions : scope.completions();
                Set<Subtask<?>> forked = Set.of(scope.fork(() -> 1), scope.fork(() -> 2));
                Set<Subtask<?>> given = new HashSet<>();
                completions.forEach(given::add);
                assertThat(given).isEqualTo(forked);
                scope.join();
            }
        }
    }

    @Test
    void mayBeTakenAfterTheJoin() throws Exception {
        try (var scope = MixedScope.open()) {
            Completions<Object> completions = scope.completions();
            Subtask<String> first = scope.fork(() -> "first");
            awaitEnd(first);
            Subtask<String> second = scope.fork(() -> "second");
            scope.join();
            List<Object> results = new ArrayList<>();
            completions.forEach(subtask -> results.add(subtask.get()));
            assertThat(results).containsExactly("first", "second");
            assertThat(second.state()).isEqualTo(State.SUCCESS);
        }
    }

    @Test
    void leavingEarlyCancelsNothing() throws Exception {
        try (var scope = MixedScope.open()) {
            scope.fork(() -> "first");
            Subtask<String> second = scope.fork(() -> {
                Patience.await(release);
                return "second";
            });
            IOException enough = new IOException("enough");
            assertThatThrownBy(() -> scope.completions().forEach(subtask -> {
                        throw enough;
                    }))
                    .isSameAs(enough);
            release.countDown();
            scope.join();
            assertThat(second.get()).isEqualTo("second");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aFailureWakesWhoWaits(TaskKind kind) {
        IllegalStateException failure = new IllegalStateException("broken");
        try (var scope = MixedScope.open()) {
            scope.fork(() -> Patience.forever());
            Completions<Object> completions = scope.completions();
            scope.fork(kind, () -> {
                throw failure;
            });
            assertThatThrownBy(completions::next)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(failure);
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(failure);
        }
    }

    @Test
    void aFailureIsOnlyGivenOutIfItCancelsNothing() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Object> failing = scope.fork(() -> {
                throw new IllegalStateException("broken");
            });
            Subtask<Object> given = scope.completions().next().orElseThrow();
            assertThat(given).isSameAs(failing);
            assertThat(given.exception()).hasMessage("broken");
            scope.join();
        }
    }

    /** As in await: the owner is woken also by a scope that it has opened in between. */
    @Test
    void aFailureInAScopeThatTheOwnerHasOpenedInsideWakesItToo() throws Exception {
        IllegalStateException failure = new IllegalStateException("of the inner scope");
        Patience.onItsOwnThread(() -> {
            try (var outer = MixedScope.open(Joiner.awaitAll());
                    var inner = MixedScope.open()) {
                outer.fork(() -> Patience.await(release));
                Completions<Object> completions = outer.completions();
                Thread owner = Thread.currentThread();
                inner.fork(() -> {
                    Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
                    throw failure;
                });
                assertThatThrownBy(completions::next)
                        .isInstanceOf(ScopeFailedException.class)
                        .hasCause(failure)
                        .hasMessageContaining(inner.name());
                release.countDown();
                assertThatThrownBy(inner::join).hasCause(failure);
                outer.join();
            }
            return null;
        });
    }

    @Test
    void anInterruptEndsTheWaitAndNothingElse() throws Exception {
        Thread owner = Thread.currentThread();
        try (var scope = MixedScope.open()) {
            Completions<Object> completions = scope.completions();
            Subtask<String> subtask = scope.fork(() -> {
                owner.interrupt();
                Patience.await(release);
                return "goes on";
            });
            assertThatThrownBy(completions::next).isInstanceOf(InterruptedException.class);
            release.countDown();
            assertThat((Object) completions.next().orElseThrow()).isSameAs(subtask);
            scope.join();
            assertThat(subtask.get()).isEqualTo("goes on");
        }
    }

    @Test
    void ofTwoWhoAskEachSubtaskGoesToOne() throws Exception {
        int all = 2_000;
        Set<Subtask<?>> given = ConcurrentHashMap.newKeySet();
        List<Subtask<?>> twice = new ArrayList<>();
        try (var scope = MixedScope.open();
                var consumers = MixedScope.open()) {
            Completions<Object> completions = scope.completions();
            Subtask<Void> gate = scope.fork(() -> Patience.await(release)); // or else they might be done too early
            for (int i = 0; i < 2; i++) {
                consumers.fork(() -> completions.forEach(subtask -> {
                    if (!given.add(subtask)) {
                        twice.add(subtask);
                    }
                }));
            }
            IntStream.range(0, all).forEach(n -> scope.fork(() -> n));
            release.countDown();
            consumers.join();
            assertThat(given).hasSize(all + 1).contains(gate);
            assertThat(twice).isEmpty();
            scope.join();
        }
    }

    @Test
    void eachWhoAsksForAQueueGetsThemAll() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> early = scope.fork(() -> "early");
            awaitEnd(early);
            Completions<Object> one = scope.completions();
            Completions<Object> other = scope.completions();
            Subtask<String> late = scope.fork(() -> "late");
            for (Completions<Object> queue : List.of(one, other)) {
                List<Subtask<?>> given = new ArrayList<>();
                queue.forEach(given::add);
                assertThat(given).containsExactly(early, late);
            }
            scope.join();
        }
    }

    @Test
    void daemonsAreLeftOut() throws Exception {
        try (var scope = MixedScope.open()) {
            scope.forkDaemon(() -> Patience.forever());
            awaitEnd(scope.forkDaemon(() -> {}));
            Completions<Object> completions = scope.completions();
            Subtask<String> only = scope.fork(() -> "only");
            assertThat((Object) completions.next().orElseThrow()).isSameAs(only);
            assertThat(completions.next()).isEmpty();
            scope.join();
        }
    }

    @Test
    void aDaemonMayTakeThem() throws Exception {
        List<Object> results = new ArrayList<>(); // one writer
        try (var scope = MixedScope.open()) {
            Completions<Object> completions = scope.completions();
            IntStream.range(0, 100).forEach(n -> scope.fork(() -> n));
            Subtask<Void> consumer = scope.forkDaemon(() -> completions.forEach(subtask -> results.add(subtask.get())));
            consumer.await();
            scope.join();
        }
        assertThat(results).hasSize(100).doesNotHaveDuplicates();
    }

    @Test
    void nobodyIsMissedOrGivenTwiceWhileAQueueIsAskedFor() throws Exception {
        for (int round = 0; round < 300; round++) {
            try (var scope = MixedScope.open()) {
                IntStream.range(0, 5).forEach(n -> scope.fork(() -> n));
                List<Subtask<?>> given = new ArrayList<>();
                scope.completions().forEach(given::add);
                assertThat(given).as("round %d", round).hasSize(5).doesNotHaveDuplicates();
                scope.join();
            }
        }
    }

    // ---------------------------------------------------------------- bounds

    @Test
    void whoAsksAfterTooManyHaveEndedIsRefused() throws Exception {
        try (var scope = MixedScope.open()) {
            CountDownLatch ended = new CountDownLatch(Subtasks.MAX_UNSEEN + 1);
            for (int i = 0; i <= Subtasks.MAX_UNSEEN; i++) {
                scope.fork(ended::countDown);
            }
            Patience.until("all have ended", () -> scope.toString().contains(" 0 pending"));
            assertThatThrownBy(scope::completions)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("10000");
            scope.join();
            assertThat(scope.completions().next()).isEmpty();
        }
    }

    @Test
    void whoAsksInTimeGetsAnyNumber() throws Exception {
        try (var scope = MixedScope.open()) {
            Completions<Object> completions = scope.completions();
            for (int i = 0; i <= Subtasks.MAX_UNSEEN; i++) {
                scope.fork(() -> {});
            }
            int[] count = new int[1];
            completions.forEach(subtask -> count[0]++);
            assertThat(count[0]).isEqualTo(Subtasks.MAX_UNSEEN + 1);
            scope.join();
        }
    }

    /** A scope that stays open for long, as that of a server, keeps nothing that somebody has seen. */
    private enum Seen {
        AWAITED,
        GIVEN_OUT,
        GIVEN_OUT_TO_WHO_ASKED_LATE,
        AWAITED_AND_NOBODY_HOLDS_THE_QUEUE
    }

    @ParameterizedTest
    @EnumSource(Seen.class)
    void whatWasSeenIsForgottenWhileTheScopeStaysOpen(Seen how) throws Exception {
        try (var scope = MixedScope.open()) {
            List<WeakReference<Subtask<?>>> handles = new ArrayList<>();
            if (how == Seen.AWAITED_AND_NOBODY_HOLDS_THE_QUEUE) {
                assertThat(scope.completions()).isNotNull();
            }
            Completions<Object> early = how == Seen.GIVEN_OUT ? scope.completions() : null;
            for (int i = 0; i < 20; i++) {
                Subtask<Object> subtask = scope.fork(() -> new byte[100]);
                awaitEnd(subtask);
                if (how == Seen.AWAITED || how == Seen.AWAITED_AND_NOBODY_HOLDS_THE_QUEUE) {
                    subtask.await();
                }
                handles.add(new WeakReference<>(subtask));
            }
            Completions<Object> late = how == Seen.GIVEN_OUT_TO_WHO_ASKED_LATE ? scope.completions() : early;
            if (late != null) {
                late.forEach(subtask -> {});
            }
            Patience.until("the handles are collected", () -> {
                System.gc();
                return handles.stream().allMatch(handle -> handle.refersTo(null));
            });
            Reference.reachabilityFence(late);
            scope.join();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatNobodyLooksAtIsForgottenWhileTheScopeStaysOpen(boolean daemon) throws Exception {
        try (var scope = MixedScope.open()) {
            for (int i = 0; i < Subtasks.MAX_UNSEEN; i++) {
                scope.fork(() -> {});
            }
            Forker<Object> forker = daemon ? scope.asDaemons() : scope;
            WeakReference<Subtask<?>> next = new WeakReference<>(forker.fork(() -> new byte[100]));
            Patience.until("it is collected", () -> {
                for (int i = 0; i < 2_000; i++) {
                    scope.fork(() -> {});
                }
                System.gc();
                return next.refersTo(null);
            });
            scope.join();
        }
    }

    // ---------------------------------------------------------------- guards

    @Test
    void whoIsOutsideMayNeitherAskNorTake() throws Exception {
        try (var scope = MixedScope.open(c -> c.withTimeout(Duration.ofHours(1)))) {
            Completions<Object> completions = scope.completions();
            Patience.onItsOwnThread(() -> {
                assertThatThrownBy(scope::completions).isInstanceOf(WrongThreadException.class);
                assertThatThrownBy(completions::next).isInstanceOf(WrongThreadException.class);
                return null;
            });
            scope.close();
            assertThatThrownBy(scope::completions)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }
}
