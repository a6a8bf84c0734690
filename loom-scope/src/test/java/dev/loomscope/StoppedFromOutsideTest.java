package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.lang.ref.WeakReference;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a cancel does to code that no interrupt stops, and what is left of it. */
class StoppedFromOutsideTest {

    @Test
    void anAbandonedTaskKeepsItsPermitUntilItsThreadHasEnded() throws Exception {
        Limiter device = Limiter.of("device", 1);
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withLimiter(TaskKind.BLOCKING, device))) {
            Subtask<Void> deaf = scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.BLOCKING, () -> {
                running.countDown();
                Patience.awaitDeaf(release);
                ended.countDown();
            });
            Patience.await(running);
            scope.cancel();
            scope.join();
            assertThat(deaf.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(ended.getCount()).as("still runs after the scope").isOne();
        assertThat(device.stats().inUse()).isOne();
        try (var scope = MixedScope.open(c -> c.withLimiter(TaskKind.BLOCKING, device))) {
            Subtask<Long> next = scope.fork(TaskKind.BLOCKING, ended::getCount);
            Patience.until("the next waits", () -> device.stats().waiting() == 1);
            release.countDown();
            scope.join();
            assertThat(next.get())
                    .as("threads that still ran when the next began")
                    .isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aTaskThatIsToBeWaitedForIsLeftAloneButMayAsk(TaskKind kind) throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean undisturbed = new AtomicBoolean();
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.withCancelPolicy(CancelPolicy.WAIT).fork(kind, () -> {
                MixedScope.checkCancelled(); // not yet
                running.countDown();
                Patience.await(release);
                undisturbed.set(true);
                MixedScope.checkCancelled();
                throw new AssertionError("was not told");
            });
            Patience.await(running);
            scope.cancel();
            assertThat(subtask.state()).isEqualTo(State.UNAVAILABLE);
            release.countDown();
            scope.join();
            assertThat(undisturbed).isTrue();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void anAbandonedTaskIsToldIfItAsks() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<Throwable> told = new AtomicReference<>();
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.withCancelPolicy(CancelPolicy.ABANDON).fork(TaskKind.BLOCKING, () -> {
                running.countDown();
                Patience.awaitDeaf(release);
                try {
                    MixedScope.checkCancelled();
                    told.set(new AssertionError("was not told"));
                } catch (RuntimeException e) {
                    told.set(e);
                }
            });
            Patience.await(running);
            scope.cancel("the scope has gone on");
            scope.join();
        }
        release.countDown();
        Patience.until("it has asked", () -> told.get() != null);
        assertThat(told.get()).hasMessageContaining("the scope has gone on");
    }

    @Test
    void anAbandonableTaskThatIsNotCancelledIsLikeAnyOther() throws Exception {
        InterruptedException own = new InterruptedException("of the task itself");
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            var abandonable = scope.withCancelPolicy(CancelPolicy.ABANDON);
            Subtask<Integer> good = abandonable.fork(TaskKind.BLOCKING, () -> 42);
            Subtask<Object> bad = abandonable.fork(TaskKind.BLOCKING, () -> {
                throw own;
            });
            scope.join();
            assertThat(good.get()).isEqualTo(42);
            assertThat(bad.exception()).isSameAs(own);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aHookRunsOnAnotherThreadAndOnlyIfThereIsACancel(TaskKind kind) throws Exception {
        AtomicReference<Thread> hooked = new AtomicReference<>();
        AtomicReference<Thread> tasks = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch socketClosed = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> calm = scope.fork(kind, () -> {
                try (CancelHook hook = MixedScope.onCancel(() -> hooked.set(Thread.currentThread()))) {
                    return "calm";
                }
            });
            assertThat(calm.await()).isEqualTo("calm");
            assertThat(hooked).hasNullValue();
            scope.fork(kind, () -> {
                tasks.set(Thread.currentThread());
                try (CancelHook hook = MixedScope.onCancel(() -> {
                    hooked.set(Thread.currentThread());
                    socketClosed.countDown();
                })) {
                    running.countDown();
                    Patience.awaitDeaf(socketClosed); // a read that no interrupt ends
                }
            });
            Patience.await(running);
            scope.cancel();
            scope.join();
        }
        assertThat(hooked.get()).isNotNull().isNotSameAs(tasks.get());
    }

    @Test
    void checkCancelledOutsideOfAnyScopeDoesNothing() {
        MixedScope.checkCancelled();
        assertThatThrownBy(() -> MixedScope.onCancel(() -> {})).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void cancelOfASubtaskDoesNotWaitForItsCleanUpButTheScopeDoes(TaskKind kind) throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch mayCleanUp = new CountDownLatch(1);
        AtomicBoolean cleanedUp = new AtomicBoolean();
        try (var scope = MixedScope.open()) {
            Subtask<Void> subtask = scope.fork(kind, () -> {
                running.countDown();
                try {
                    Patience.forever();
                } catch (InterruptedException e) {
                    Patience.awaitDeaf(mayCleanUp);
                    cleanedUp.set(true);
                    throw e;
                }
            });
            Patience.await(running);
            subtask.cancel();
            assertThat(subtask.state()).as("right after cancel").isEqualTo(State.UNAVAILABLE);
            mayCleanUp.countDown();
            scope.join();
            assertThat(cleanedUp).isTrue();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aCancelledSubtaskLetsGoOfWhatItsTaskHeld(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            AtomicReference<Subtask<?>> handle = new AtomicReference<>();
            WeakReference<Object> held = forkHolding(scope, kind, handle);
            handle.get().cancel();
            scope.join();
            Patience.until("what it held is garbage", () -> {
                System.gc();
                return held.get() == null;
            });
            assertThat(handle.get().state()).isEqualTo(State.CANCELLED);
        }
    }

    private static WeakReference<Object> forkHolding(
            MixedScope<Object, Void> scope, TaskKind kind, AtomicReference<Subtask<?>> handle) {
        Object large = new Object();
        handle.set(scope.fork(kind, () -> {
            Patience.forever();
            return large;
        }));
        return new WeakReference<>(large);
    }
}
