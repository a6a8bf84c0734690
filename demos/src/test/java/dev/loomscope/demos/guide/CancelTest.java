package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.awaitDeaf;
import static dev.loomscope.demos.guide.Fakes.never;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.loomscope.CancelHook;
import dev.loomscope.CancelPolicy;
import dev.loomscope.CancelReason.Source;
import dev.loomscope.Forker;
import dev.loomscope.Joiner;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Shield;
import dev.loomscope.Subtask;
import dev.loomscope.Subtask.State;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Cancelling, and what tasks can do about it. */
class CancelTest {

    @Test
    void aScopeIsCancelledWithAReason() throws Exception {
        // guide: cancel-scope
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> running = scope.fork(IO, () -> never());
            scope.cancel("the customer has left"); // from any thread; the first reason wins
            Subtask<String> late = scope.fork(Fakes::download, "/orders"); // starts nothing
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasMessageContaining("the customer has left");
            assertThat(running.state()).isEqualTo(State.CANCELLED);
            assertThat(late.state()).isEqualTo(State.CANCELLED);
            assertThat(scope.cancelReason().orElseThrow().source()).isEqualTo(Source.EXPLICIT);
        }
        // end
    }

    @Test
    void oneSubtaskIsCancelledAlone() throws Exception {
        // guide: cancel-one
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> preview = scope.fork(IO, () -> never());
            Subtask<String> page = scope.fork(Fakes::download, "/orders");
            preview.cancel();
            scope.join(); // a subtask that was cancelled alone is no problem
            assertThat(preview.cancelReason().orElseThrow().source()).isEqualTo(Source.SINGLE);
            assertThat(page.get()).isEqualTo("page /orders");
        }
        // end
    }

    @Test
    void aLoopThatWaitsForNothingAsks() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        // guide: check-cancelled
        try (var scope = MixedScope.<Object>open()) {
            Subtask<Object> counter = scope.fork(IO, () -> {
                running.countDown();
                long n = 0;
                while (true) {
                    MixedScope.checkCancelled(); // throws a CancellationException; costs nanoseconds
                    n++;
                }
            });
            running.await();
            counter.cancel();
            scope.join();
            assertThat(counter.state()).isEqualTo(State.CANCELLED);
        }
        // end
    }

    @Test
    void aShieldKeepsACancelFromCleaningUp() throws Exception {
        AtomicReference<String> rolledBack = new AtomicReference<>();
        CountDownLatch running = new CountDownLatch(1);
        // guide: shield
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> transfer = scope.fork(IO, () -> {
                try {
                    running.countDown();
                    return never();
                } finally {
                    Shield.run(() -> MixedScope.failAfter(ofSeconds(30), inside -> {
                        rolledBack.set(inside.fork(Fakes::download, "/rollback").await()); // waits in peace
                        return null;
                    }));
                }
            });
            running.await();
            transfer.cancel();
            scope.join(); // waits for the clean-up as well
            assertThat(rolledBack.get()).isEqualTo("page /rollback");
            assertThat(transfer.state()).isEqualTo(State.CANCELLED);
        }
        // end
    }

    @Test
    void aHookStopsWhatNoInterruptStops() throws Exception {
        // guide: on-cancel
        try (var scope = MixedScope.<Socket>open()) {
            Subtask<Socket> connected = scope.fork(BLOCKING, () -> {
                try (ServerSocket server = new ServerSocket(0);
                        CancelHook hook = MixedScope.onCancel(server::close)) {
                    return server.accept(); // on a platform thread no interrupt ends it
                } catch (SocketException e) {
                    MixedScope.checkCancelled(); // closed by the hook: cancelled, not failed
                    throw e;
                }
            });
            connected.cancel();
            scope.join();
            assertThat(connected.state()).isEqualTo(State.CANCELLED);
        }
        // end
    }

    @Test
    void theHookFindsAnAcceptThatWaits() throws Exception {
        CountDownLatch listening = new CountDownLatch(1);
        try (var scope = MixedScope.<Socket>open()) {
            Subtask<Socket> connected = scope.fork(BLOCKING, () -> {
                try (ServerSocket server = new ServerSocket(0);
                        CancelHook hook = MixedScope.onCancel(server::close)) {
                    listening.countDown();
                    return server.accept();
                } catch (SocketException e) {
                    MixedScope.checkCancelled();
                    throw e;
                }
            });
            listening.await();
            connected.cancel();
            scope.join();
            assertThat(connected.state()).isEqualTo(State.CANCELLED);
        }
    }

    @Test
    void whatMustNotBeInterruptedIsWaitedFor() throws Exception {
        CountDownLatch writing = new CountDownLatch(1);
        CountDownLatch disk = new CountDownLatch(1);
        // guide: policy-wait
        try (var scope = MixedScope.<String, Void>open(Joiner.awaitAll())) {
            Forker<String> uninterrupted = scope.withCancelPolicy(CancelPolicy.WAIT);
            Subtask<String> index = uninterrupted.fork("index", BLOCKING, () -> {
                writing.countDown();
                disk.await(); // an interrupt would leave half an index
                return "written";
            });
            writing.await();
            scope.cancel("shutting down");
            disk.countDown();
            scope.join();
            assertThat(index.get()).isEqualTo("written");
        }
        // end
    }

    @Test
    void whatNothingStopsIsLeftBehind() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch device = new CountDownLatch(1);
        // guide: policy-abandon
        try (var scope = MixedScope.<String, Void>open(
                Joiner.awaitAll(), c -> c.withBlockingCancelPolicy(CancelPolicy.ABANDON))) {
            Subtask<String> scan = scope.fork("scan", BLOCKING, () -> {
                running.countDown();
                awaitDeaf(device); // no interrupt ends it
                return "scanned";
            });
            running.await();
            scan.cancel();
            scope.join();
            assertThat(scan.state()).isEqualTo(State.CANCELLED);
        } // closed, although the thread still waits for the device
        assertThat(device.getCount()).isEqualTo(1);
        device.countDown();
        // end
    }

    @Test
    void aStragglerIsInterruptedAgainAndNamedInAWarning() throws Exception {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger("dev.loomscope");
        log.start();
        logger.addAppender(log);
        logger.setAdditive(false);
        try {
            CountDownLatch running = new CountDownLatch(1);
            // guide: stragglers
            try (var scope = MixedScope.<String>open(c -> c.withStragglerGrace(ofMillis(50)))) {
                Subtask<String> deaf = scope.fork("deaf", IO, () -> {
                    try {
                        running.countDown();
                        return never();
                    } catch (InterruptedException e) {
                        return never(); // a bug: the interrupt was swallowed
                    }
                });
                running.await();
                deaf.cancel();
                scope.join(); // after 50 ms: a warning with the stack, and a second interrupt
                assertThat(deaf.state()).isEqualTo(State.CANCELLED);
            }
            // end
        } finally {
            logger.setAdditive(true);
            logger.detachAppender(log);
        }
        assertThat(log.list)
                .anySatisfy(line -> assertThat(line.getFormattedMessage())
                        .contains("'deaf'")
                        .contains("goes on")
                        .contains("\tat "));
    }

    @Test
    void aHookOutsideOfEveryScopeIsRefused() throws Exception {
        assertThatThrownBy(() -> MixedScope.onCancel(() -> {})).isInstanceOf(IllegalStateException.class);
        MixedScope.checkCancelled(); // does nothing
    }
}
