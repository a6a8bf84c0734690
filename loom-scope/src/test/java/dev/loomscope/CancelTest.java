package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Cancelling a scope or one subtask: who may, what stops, and where the reason can be read. */
class CancelTest {

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void stopsWhatRuns(TaskKind kind) {
        try (var scope = MixedScope.open()) {
            Subtask<Void> subtask = scope.fork(kind, () -> Patience.forever());
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel("enough");
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
            assertThat(thrown).as("what join threw").isNotNull();
            assertThat(thrown.failures()).isEmpty();
            assertThat(thrown).hasMessageContaining("enough").hasMessageContaining(scope.name());
        }
    }

    @Test
    void aCpuTaskThatDoesNotListenIsKilledAndItsSiblingsProcessLives() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> deaf = scope.fork(TaskKind.CPU, () -> Patience.spin());
            Patience.until("it has started", () -> deaf.startedAt().isPresent());
            deaf.cancel();
            Subtask<Integer> next = scope.fork(TaskKind.CPU, () -> 1);
            scope.join();
            assertThat(deaf.state()).isEqualTo(State.CANCELLED);
            assertThat(next.get()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anyThreadMayCancel(boolean virtual) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(() -> Patience.forever());
            (virtual ? Thread.ofVirtual() : Thread.ofPlatform().name("stranger")).start(() -> scope.cancel("from far"));
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
            CancelReason reason = scope.cancelReason().orElseThrow();
            assertThat(reason.source()).isEqualTo(Source.EXPLICIT);
            assertThat(reason.by()).contains(virtual ? "VirtualThread" : "stranger");
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aSubtaskMayCancelItsOwnScope(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> other = scope.fork(kind, () -> Patience.forever());
            Subtask<Void> self = scope.fork(kind, () -> {
                scope.cancel("I have seen enough");
                return Patience.forever(); // reaches itself, too
            });
            scope.join();
            assertThat(List.of(other.state(), self.state())).containsOnly(State.CANCELLED);
        }
    }

    @Test
    void theReasonIsReadableOnScopeSubtaskAndException() {
        try (var scope = MixedScope.open()) {
            Subtask<Void> subtask = scope.fork(() -> Patience.forever());
            scope.cancel("the user went away");
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            for (var reason : List.of(scope.cancelReason(), subtask.cancelReason(), thrown.cancelReason())) {
                assertThat(reason.orElseThrow().source()).isEqualTo(Source.EXPLICIT);
                assertThat(reason.orElseThrow().text()).isEqualTo("the user went away");
            }
        }
    }

    @Test
    void theFirstReasonWins() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> alone = scope.fork(() -> Patience.forever());
            Subtask<Void> other = scope.fork(() -> Patience.forever());
            alone.cancel();
            scope.cancel("first");
            scope.cancel("second");
            scope.join();
            assertThat(scope.cancelReason().orElseThrow().text()).isEqualTo("first");
            assertThat(other.cancelReason().orElseThrow().text()).isEqualTo("first");
            assertThat(alone.cancelReason().orElseThrow().source()).isEqualTo(Source.SINGLE);
        }
    }

    @Test
    void manyThreadsMayCancelAtOnceAndOneReasonWins() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            List<Subtask<Void>> subtasks = IntStream.range(0, 20)
                    .mapToObj(n -> scope.<Void>fork(() -> Patience.forever()))
                    .toList();
            List<Thread> threads = IntStream.range(0, 8)
                    .mapToObj(n -> Thread.ofPlatform().start(() -> scope.cancel("reason " + n)))
                    .toList();
            for (Thread thread : threads) {
                thread.join();
            }
            scope.join();
            CancelReason reason = scope.cancelReason().orElseThrow();
            assertThat(subtasks).allSatisfy(subtask -> {
                assertThat(subtask.state()).isEqualTo(State.CANCELLED);
                assertThat(subtask.cancelReason()).containsSame(reason);
            });
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void aSingleSubtaskStopsAndItsSiblingsGoOn(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> stopped = scope.fork(kind, () -> Patience.forever());
            Patience.until("it has started", () -> stopped.startedAt().isPresent());
            stopped.cancel();
            Subtask<String> sibling = scope.fork(kind, () -> "goes on");
            scope.join();
            assertThat(stopped.state()).isEqualTo(State.CANCELLED);
            assertThat(stopped.cancelReason().orElseThrow().source()).isEqualTo(Source.SINGLE);
            assertThat(sibling.get()).isEqualTo("goes on");
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @Test
    void aSubtaskIsInterruptedOnce() throws Exception {
        AtomicInteger interrupts = new AtomicInteger();
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch first = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> deaf = scope.fork(() -> {
                while (true) {
                    try {
                        Patience.await(release);
                        return "done";
                    } catch (InterruptedException e) {
                        interrupts.incrementAndGet();
                        first.countDown();
                    }
                }
            });
            Patience.until("it has started", () -> deaf.startedAt().isPresent());
            deaf.cancel();
            Patience.await(first);
            deaf.cancel();
            scope.cancel();
            scope.cancel();
            release.countDown();
            scope.join();
            assertThat(deaf.get()).isEqualTo("done");
            assertThat(interrupts).hasValue(1);
        }
    }

    @Test
    void cancelAfterTheEndChangesNothing() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> done = scope.fork(() -> "done");
            scope.join();
            done.cancel();
            scope.cancel("too late");
            scope.join();
            assertThat(done.get()).isEqualTo("done");
            assertThat(done.cancelReason()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatIsCancelledWhileItWaitsForAPermitNeverStartsAndTakesNoPermit(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<String> wrong = new AtomicReference<>();
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(kind, 1))) {
            Subtask<Void> holder = scope.fork(kind, () -> Patience.await(release));
            Patience.until("the permit is taken", () -> holder.startedAt().isPresent());
            List<Subtask<Void>> queued = IntStream.range(0, 100)
                    .mapToObj(n -> scope.fork(kind, () -> wrong.set("started: " + n)))
                    .toList();
            Subtask<String> last = scope.fork(kind, () -> "last");
            queued.forEach(Subtask::cancel);
            assertThat(queued).extracting(Subtask::state).containsOnly(State.CANCELLED);
            release.countDown();
            scope.join();
            assertThat(last.get()).isEqualTo("last");
            assertThat(wrong).hasNullValue();
            assertThat(queued)
                    .allSatisfy(subtask -> assertThat(subtask.startedAt()).isEmpty());
        }
    }

    /** Whichever way the race goes, an interrupt of ours hits the subtask it was meant for, or nobody. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void anInterruptThatRacesWithTheEndOfItsSubtaskHitsNobodyElse(TaskKind kind) throws Exception {
        AtomicInteger hits = new AtomicInteger();
        for (int round = 0; round < 500; round++) {
            try (var scope = MixedScope.open(Joiner.allUntil(subtask -> {
                if (Thread.currentThread().isInterrupted()) {
                    hits.incrementAndGet();
                }
                return false;
            }))) {
                Subtask<String> subtask = scope.fork(kind, () -> "quick");
                Thread.onSpinWait();
                subtask.cancel();
                scope.join();
                assertThat(subtask.state()).isNotEqualTo(State.UNAVAILABLE);
            }
        }
        assertThat(hits).hasValue(0);
    }

    @Test
    void reachesNestedScopesOnEveryLevel() throws Exception {
        CountDownLatch started = new CountDownLatch(2);
        AtomicReference<CancelReason> innermost = new AtomicReference<>();
        try (var outer = MixedScope.open(Joiner.awaitAll())) {
            outer.fork(() -> {
                try (var middle = MixedScope.open()) {
                    middle.fork(() -> {
                        try (var inner = MixedScope.open()) {
                            Subtask<Void> leaf = inner.fork(() -> Patience.forever());
                            started.countDown();
                            Patience.until("the leaf has ended", () -> leaf.state() == State.CANCELLED);
                            innermost.set(inner.cancelReason().orElseThrow());
                            inner.join();
                        }
                    });
                    started.countDown();
                    middle.join();
                }
            });
            Patience.await(started);
            outer.cancel("from the top");
            outer.join();
        }
        assertThat(innermost.get().source()).isEqualTo(Source.PARENT);
        assertThat(innermost.get().text()).contains("from the top");
    }

    @Test
    void aScopeOpenedInsideACancelledOneIsCancelledFromTheBeginning() throws Exception {
        try (var outer = MixedScope.open(Joiner.awaitAll())) {
            outer.cancel("over");
            try (var inner = MixedScope.open(Joiner.awaitAll())) {
                Subtask<String> subtask = inner.fork(() -> "ran");
                assertThat(subtask.state()).isEqualTo(State.CANCELLED);
                assertThat(inner.cancelReason().orElseThrow().source()).isEqualTo(Source.PARENT);
                inner.join();
            }
            outer.join();
        }
    }

    @Test
    void anInnerCancelDoesNotReachTheOuterScope() throws Exception {
        try (var outer = MixedScope.open()) {
            Subtask<String> sibling = outer.fork(() -> "unharmed");
            try (var inner = MixedScope.open(Joiner.awaitAll())) {
                inner.fork(() -> Patience.forever());
                inner.cancel();
                inner.join();
            }
            outer.join();
            assertThat(sibling.get()).isEqualTo("unharmed");
        }
    }

    @Test
    void whatGoesWrongWhileACancelledTaskCleansUpIsAFailure() throws Exception {
        IllegalStateException inCleanUp = new IllegalStateException("the clean-up failed");
        CountDownLatch waiting = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Object> subtask = scope.fork(() -> {
                try (AutoCloseable resource = () -> {
                    throw inCleanUp;
                }) {
                    waiting.countDown();
                    return Patience.forever();
                }
            });
            Patience.await(waiting);
            scope.cancel();
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.FAILED);
            assertThat(subtask.exception()).isInstanceOf(InterruptedException.class);
            assertThat(subtask.exception().getSuppressed()).containsExactly(inCleanUp);
        }
    }

    @Test
    void aBackendThatThrowsOnCancelKeepsItFromNobodyElse() throws Exception {
        CpuBackend broken = new CpuBackend() {
            @Override
            public <T> CpuExecution<T> prepare(CpuRequest<T> request) {
                CountDownLatch released = new CountDownLatch(1);
                return new CpuExecution<>() {
                    @Override
                    public T run() throws Exception {
                        Patience.await(released);
                        throw new CancellationException("at last");
                    }

                    @Override
                    public void cancel(String reason) {
                        released.countDown();
                        throw new IllegalStateException("broken");
                    }
                };
            }
        };
        List<Subtask<Void>> all = new ArrayList<>();
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withCpuBackend(broken))) {
            for (int i = 0; i < 10; i++) {
                all.add(scope.fork(TaskKind.CPU, () -> Patience.forever()));
                all.add(scope.fork(() -> Patience.forever()));
            }
            scope.cancel();
            scope.join();
        }
        assertThat(all).extracting(Subtask::state).containsOnly(State.CANCELLED);
    }
}
