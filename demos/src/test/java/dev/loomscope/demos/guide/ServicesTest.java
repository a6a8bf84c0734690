package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.never;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Started;
import dev.loomscope.Subtask;
import dev.loomscope.Subtask.State;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Tasks that serve others: daemons, and those that say when they are ready. */
class ServicesTest {

    @Test
    void daemonsEndWithTheOthers() throws Exception {
        // guide: daemon
        CountDownLatch beats = new CountDownLatch(3);
        try (var scope = MixedScope.open()) {
            Subtask<Void> heartbeat = scope.forkDaemon("heartbeat", IO, () -> {
                while (true) {
                    beats.countDown();
                    Thread.sleep(10);
                }
            });
            scope.fork(IO, () -> beats.await()); // the work
            scope.join(); // waits for the work, then ends the daemon
            assertThat(heartbeat.state()).isEqualTo(State.CANCELLED);
            assertThat(heartbeat.cancelReason().orElseThrow().source()).isEqualTo(Source.OTHERS_ENDED);
        }
        // end
    }

    @Test
    void aStartedTaskSaysWhenItIsReady() throws Exception {
        // guide: start
        try (var scope = MixedScope.open()) {
            Started<Integer> server = scope.start(BLOCKING, ready -> {
                try (ServerSocket socket = new ServerSocket(0)) {
                    ready.started(socket.getLocalPort()); // start returns, the task goes on
                    try (Socket client = socket.accept()) {
                        client.getOutputStream().write("hello".getBytes(UTF_8));
                    }
                }
            });
            try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.value())) {
                assertThat(client.getInputStream().readAllBytes())
                        .asString(UTF_8)
                        .isEqualTo("hello");
            }
            scope.join(); // waits for the server as for any subtask
        }
        // end
    }

    @Test
    void whatFailsBeforeItIsReadyIsTheCallersProblem() throws Exception {
        // guide: start-failed
        try (var scope = MixedScope.<String>open();
                ServerSocket taken = new ServerSocket(0)) {
            assertThatThrownBy(() -> scope.<Integer>start(BLOCKING, ready -> {
                        try (ServerSocket socket = new ServerSocket(taken.getLocalPort())) {
                            ready.started(socket.getLocalPort());
                        }
                    }))
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCauseInstanceOf(BindException.class);
            Subtask<String> page = scope.fork(Fakes::download, "/orders"); // the scope goes on: try another port
            scope.join();
            assertThat(page.get()).isEqualTo("page /orders");
        }
        // end
    }

    @Test
    void aStartedTaskIsStoppedByItsHandle() throws Exception {
        try (var scope = MixedScope.open()) {
            Started<String> consumer = scope.start(IO, ready -> {
                ready.started("subscribed");
                never();
            });
            assertThat(consumer.value()).isEqualTo("subscribed");
            consumer.subtask().cancel();
            scope.join();
            assertThat(consumer.subtask().state()).isEqualTo(State.CANCELLED);
        }
    }
}
