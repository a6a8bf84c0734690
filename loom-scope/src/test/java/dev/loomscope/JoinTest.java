package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.lang.ref.WeakReference;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When join returns, and that it can be called again. */
class JoinTest {

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void waitsForEverySubtask(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Integer> first = scope.fork(kind, () -> 1);
            Subtask<Integer> second = scope.fork(kind, () -> 2);
            scope.join();
            assertThat(first.get() + second.get()).isEqualTo(3);
            assertThat(second.endedAt()).isPresent();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void waitsAlsoAfterAFailureForWhatIgnoresItsInterrupt(TaskKind kind) {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            Subtask<String> deaf = scope.fork(kind, () -> {
                started.countDown();
                try {
                    Patience.forever();
                } catch (InterruptedException e) {
                    interrupted.countDown();
                }
                Patience.awaitDeaf(release);
                return "done all the same";
            });
            scope.fork(kind, () -> {
                Patience.await(started);
                throw new IllegalStateException("first");
            });
            Thread owner = Thread.currentThread();
            AtomicReference<State> whileOwnerWaited = new AtomicReference<>();
            Thread releaser = Thread.ofPlatform().start(() -> {
                Patience.awaitDeaf(interrupted);
                Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
                whileOwnerWaited.set(deaf.state());
                release.countDown();
            });
            assertThatThrownBy(scope::join).hasRootCauseMessage("first");
            assertThat(deaf.state()).isEqualTo(State.SUCCESS);
            assertThat(deaf.get()).isEqualTo("done all the same");
            joinThread(releaser);
            assertThat(whileOwnerWaited).hasValue(State.UNAVAILABLE);
        }
    }

    private static void joinThread(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void ofNothingReturnsAtOnce() throws Exception {
        try (var scope = MixedScope.open()) {
            assertThat(scope.join()).isNull();
            assertThat(scope.join()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void anInterruptedOwnerMayJoinAgainAndNothingWasCancelled(TaskKind kind) throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork(kind, () -> {
                Patience.await(release);
                return "undisturbed";
            });
            Thread owner = Thread.currentThread();
            Thread.ofPlatform().start(() -> {
                Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
                owner.interrupt();
            });
            assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            assertThat(scope.cancelReason()).isEmpty();
            assertThat(subtask.state()).isEqualTo(State.UNAVAILABLE);
            release.countDown();
            scope.join();
            assertThat(subtask.get()).isEqualTo("undisturbed");
        }
    }

    @Test
    void anOwnerThatComesInterruptedHearsSoEvenIfAllIsDone() throws Exception {
        try (var scope = MixedScope.open()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
            assertThat(Thread.interrupted()).isFalse();
            scope.join();
        }
    }

    @Test
    void afterAnInterruptedJoinTheScopeTakesFurtherForks() throws Exception {
        try (var scope = MixedScope.open()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
            Subtask<String> later = scope.fork(() -> "later");
            scope.join();
            assertThat(later.get()).isEqualTo("later");
        }
    }

    @Test
    void endsEachOfManyRoundsOfForks() throws Exception {
        try (var scope = MixedScope.open()) {
            for (int round = 0; round < 100; round++) {
                int number = round;
                Subtask<Integer> io = scope.fork(TaskKind.IO, () -> number);
                Subtask<Integer> blocking = scope.fork(TaskKind.BLOCKING, () -> number);
                scope.join();
                assertThat(io.get() + blocking.get()).isEqualTo(2 * number);
            }
        }
    }

    @Test
    void saysTheSameFailureEachTime() {
        try (var scope = MixedScope.open()) {
            IllegalStateException failure = new IllegalStateException("once");
            scope.fork(() -> {
                throw failure;
            });
            assertThatThrownBy(scope::join).hasCause(failure);
            assertThatThrownBy(scope::join).hasCause(failure);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void onlyTheOwnerMayJoin(boolean asSubtask) throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            Runnable tryToJoin = () -> {
                try {
                    scope.join();
                } catch (Throwable e) {
                    thrown.set(e);
                }
            };
            if (asSubtask) {
                scope.fork(() -> tryToJoin.run());
            } else {
                Thread.ofPlatform().start(tryToJoin).join();
            }
            scope.join();
        }
        assertThat(thrown.get()).isInstanceOf(WrongThreadException.class).hasMessageContaining("join");
    }

    @Test
    void afterCloseIsRefused() {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.close();
        assertThatThrownBy(scope::join)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(scope.name());
    }

    @Test
    void aVirtualThreadOwnsAScopeAsWell() throws Exception {
        AtomicReference<Object> result = new AtomicReference<>();
        Thread.ofVirtual()
                .start(() -> {
                    try (var scope = MixedScope.open()) {
                        Subtask<Integer> io = scope.fork(TaskKind.IO, () -> 1);
                        Subtask<Integer> blocking = scope.fork(TaskKind.BLOCKING, () -> 2);
                        Subtask<Integer> cpu = scope.fork(TaskKind.CPU, () -> 4);
                        scope.join();
                        result.set(io.get() + blocking.get() + cpu.get());
                    } catch (Exception e) {
                        result.set(e);
                    }
                })
                .join();
        assertThat(result).hasValue(7);
    }

    /** A nursery that lives as long as a server must not collect what its subtasks returned. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aScopeThatStaysOpenForgetsSubtasksThatHaveSucceeded(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            WeakReference<Object> result = resultOfOneRound(scope, kind);
            Patience.until("the result is garbage", () -> {
                System.gc();
                return result.get() == null;
            });
            scope.join();
        }
    }

    private static WeakReference<Object> resultOfOneRound(MixedScope<Object, Void> scope, TaskKind kind)
            throws Exception {
        Subtask<Object> subtask = scope.fork(kind, () -> new Object());
        scope.join();
        return new WeakReference<>(subtask.get());
    }
}
