package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Code that a cancel runs, for calls that no interrupt ends. */
class CancelHookTest {

    private final LogTail log = new LogTail(CancelHooks.class);
    private final AtomicInteger ran = new AtomicInteger();
    private final CountDownLatch inPlace = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void nothingIsLeft() {
        log.close();
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    private enum How {
        SUBTASK,
        SCOPE,
        ENCLOSING,
        DEADLINE;

        void cancel(MixedScope<?, ?> outer, MixedScope<?, ?> scope, Subtask<?> subtask) {
            switch (this) {
                case SUBTASK -> subtask.cancel();
                case SCOPE -> scope.cancel();
                case ENCLOSING -> outer.cancel();
                case DEADLINE -> scope.moveDeadline(Deadline.after(Duration.ZERO));
            }
        }
    }

    static Stream<Arguments> kindsAndCancels() {
        return Stream.of(TaskKind.IO, TaskKind.BLOCKING)
                .flatMap(kind -> Stream.of(How.values()).map(how -> Arguments.of(kind, how)));
    }

    @ParameterizedTest
    @MethodSource("kindsAndCancels")
    void runsOnceWhateverCancels(TaskKind kind, How how) {
        CountDownLatch hookRan = new CountDownLatch(1);
        try (var outer = MixedScope.open(Joiner.awaitAll())) {
            var scope = MixedScope.open(Joiner.awaitAll());
            Subtask<Void> subtask = scope.fork(kind, () -> {
                try (CancelHook hook = MixedScope.onCancel(() -> {
                    ran.incrementAndGet();
                    hookRan.countDown();
                })) {
                    inPlace.countDown();
                    Patience.awaitDeaf(hookRan);
                    Patience.awaitDeaf(release);
                }
            });
            Patience.awaitDeaf(inPlace);
            how.cancel(outer, scope, subtask);
            subtask.cancel();
            scope.cancel();
            outer.cancel();
            release.countDown();
            scope.close(); // not joined
        } catch (IllegalStateException e) {
            assertThat(e).hasMessageContaining("without a join");
        }
        assertThat(ran).hasValue(1);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void runsAtOnceIfTheCancelWasBefore(TaskKind kind) throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        CountDownLatch hookRan = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(kind, () -> {
                Patience.awaitDeaf(cancelled);
                try (CancelHook hook = MixedScope.onCancel(hookRan::countDown)) {
                    Patience.awaitDeaf(hookRan);
                }
            });
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            subtask.cancel();
            cancelled.countDown();
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.SUCCESS);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void doesNotRunOnceItIsClosed(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(kind, () -> {
                CancelHook hook = MixedScope.onCancel(ran::incrementAndGet);
                hook.close();
                hook.close();
                inPlace.countDown();
                return Patience.forever();
            });
            Patience.await(inPlace);
            subtask.cancel();
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(ran).hasValue(0);
    }

    @Test
    void doesNotRunIfNothingIsCancelled() throws Exception {
        try (var scope = MixedScope.open()) {
            scope.fork(() -> {
                MixedScope.onCancel(ran::incrementAndGet); // nobody closes it
            });
            scope.join();
            scope.cancel();
        }
        assertThat(ran).hasValue(0);
    }

    @Test
    void whatItThrowsIsLoggedAndKeepsNothingFromTheOthers() throws Exception {
        CountDownLatch second = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork("hooked", () -> {
                MixedScope.onCancel(() -> {
                    throw new IOException("could not close");
                });
                MixedScope.onCancel(second::countDown);
                inPlace.countDown();
                return Patience.forever();
            });
            Patience.await(inPlace);
            subtask.cancel();
            Patience.await(second);
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(log.warnings("hooked"))
                .singleElement()
                .satisfies(event ->
                        assertThat(event.getThrowableProxy().getMessage()).isEqualTo("could not close"));
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void theSubtaskDoesNotEndWhileItRuns(TaskKind kind) throws Exception {
        CountDownLatch hookRuns = new CountDownLatch(1);
        AtomicReference<Thread> thread = new AtomicReference<>();
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(kind, () -> {
                thread.set(Thread.currentThread());
                MixedScope.onCancel(() -> {
                    hookRuns.countDown();
                    Patience.await(release);
                    ran.incrementAndGet();
                });
                inPlace.countDown();
                return Patience.forever();
            });
            Patience.await(inPlace);
            subtask.cancel();
            Patience.await(hookRuns);
            Patience.until("it waits for the hook", () -> thread.get().getState() == Thread.State.WAITING);
            assertThat(subtask.state()).isEqualTo(State.UNAVAILABLE);
            release.countDown();
            scope.join();
            assertThat(ran).hasValue(1);
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void closeWaitsForOneThatRuns() throws Exception {
        CountDownLatch hookRuns = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Integer> subtask = scope.fork(() -> {
                try (CancelHook hook = MixedScope.onCancel(() -> {
                    hookRuns.countDown();
                    Patience.await(release);
                    ran.incrementAndGet();
                })) {
                    inPlace.countDown();
                    Patience.awaitDeaf(hookRuns);
                    Thread.interrupted();
                }
                return ran.get();
            });
            Patience.await(inPlace);
            subtask.cancel();
            Patience.await(hookRuns);
            release.countDown();
            scope.join();
            assertThat(subtask.get()).isEqualTo(1);
        }
    }

    // ---------------------------------------------------------------- real calls

    /** A platform thread in a read of a socket notices no interrupt. */
    @Test
    void endsABlockedReadOfASocket() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Integer> reading = scope.fork(TaskKind.BLOCKING, () -> {
                try (var socket = new Socket(server.getInetAddress(), server.getLocalPort());
                        CancelHook hook = MixedScope.onCancel(socket::close)) {
                    inPlace.countDown();
                    return socket.getInputStream().read();
                } catch (IOException e) {
                    throw new CancellationException("closed");
                }
            });
            Patience.await(inPlace);
            scope.cancel();
            scope.join();
            assertThat(reading.state()).isEqualTo(State.CANCELLED);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void endsABlockedReadOfAPipeThatIsNotInterrupted(TaskKind kind) throws Exception {
        Pipe pipe = Pipe.open();
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Integer> reading = scope.withCancelPolicy(CancelPolicy.WAIT).fork(kind, () -> {
                try (CancelHook hook = MixedScope.onCancel(() -> pipe.sink().close())) {
                    inPlace.countDown();
                    return pipe.source().read(ByteBuffer.allocate(1));
                }
            });
            Patience.await(inPlace);
            reading.cancel();
            scope.join();
            assertThat(reading.get()).isEqualTo(-1);
        }
        pipe.source().close();
    }

    // ---------------------------------------------------------------- places

    @Test
    void inTheBodyOfAScopeItRunsOnACancelOfTheScope() throws Exception {
        CountDownLatch hookRan = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll());
                CancelHook hook = MixedScope.onCancel(hookRan::countDown)) {
            scope.fork(() -> scope.cancel("enough"));
            Patience.await(hookRan);
            scope.join();
        }
        MixedScope.call(scope -> {
            MixedScope.onCancel(ran::incrementAndGet);
            return null;
        });
        assertThat(ran).hasValue(0);
    }

    /** It stands in the scope that the subtask has opened, and in the subtask all the same. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void inAScopeThatASubtaskHasOpenedItRunsAlsoOnACancelOfTheSubtaskAlone(TaskKind kind) throws Exception {
        CountDownLatch hookRan = new CountDownLatch(1);
        AtomicReference<CancelReason> reason = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            Subtask<Void> subtask = scope.fork(kind, () -> {
                try (var inner = MixedScope.open(Joiner.awaitAll());
                        CancelHook hook = MixedScope.onCancel(hookRan::countDown)) {
                    inPlace.countDown();
                    Patience.awaitDeaf(hookRan);
                    reason.set(inner.cancelReason().orElseThrow());
                }
            });
            Patience.await(inPlace);
            subtask.cancel();
            scope.join();
            assertThat(reason.get().source()).isEqualTo(CancelReason.Source.PARENT);
            assertThat(scope.cancelReason()).isEmpty();
        }
    }

    @Test
    void behindAShieldItDoesNotCutWhatIsShielded() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(() -> {
                try {
                    Patience.forever();
                } finally {
                    Shield.run(() -> {
                        try (CancelHook hook = MixedScope.onCancel(ran::incrementAndGet)) {
                            MixedScope.checkCancelled();
                        }
                        try (var inner = MixedScope.open();
                                CancelHook hook = MixedScope.onCancel(ran::incrementAndGet)) {
                            inner.fork(() -> {});
                            inner.join();
                        }
                    });
                }
            });
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            scope.cancel();
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(ran).hasValue(0);
    }

    @Test
    void whereNothingCanBeCancelledItIsRefused() {
        assertThatThrownBy(() -> MixedScope.onCancel(() -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Thread.currentThread().toString());
        assertThatThrownBy(() -> Shield.run(() -> MixedScope.onCancel(() -> {})))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> MixedScope.onCancel(null)).isInstanceOf(NullPointerException.class);
    }
}
