package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.never;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import dev.loomscope.Subtask.State;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** What a failure does, and where it is told. */
class FailuresTest {

    @Test
    void theFirstFailureCancelsTheOthersAndIsTheCause() throws Exception {
        // guide: failure
        try (var scope = MixedScope.<String>open(c -> c.withName("import"))) {
            Subtask<String> stock = scope.fork("stock", IO, () -> never());
            Subtask<String> orders = scope.fork("orders", IO, () -> {
                throw new IOException("connection reset");
            });
            try {
                scope.join();
            } catch (ScopeFailedException e) {
                assertThat(e).hasMessageStartingWith("scope 'import' failed: subtask 'orders' (IO) threw");
                assertThat(e.getCause()).isInstanceOf(IOException.class); // the task's own exception
                assertThat(e.cancelReason().orElseThrow().failedSubtask()).contains(orders);
            }
            assertThat(stock.state()).isEqualTo(State.CANCELLED);
        }
        // end
    }

    @Test
    void noFailureIsLost() {
        // guide: failures
        CountDownLatch running = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            scope.fork("orders", IO, () -> {
                running.await();
                throw new IOException("connection reset");
            });
            scope.fork("ledger", IO, () -> {
                try {
                    running.countDown();
                    return never();
                } catch (InterruptedException e) {
                    throw new IllegalStateException("could not roll back"); // on its way out, after the cancel
                }
            });
            assertThatThrownBy(scope::join).isInstanceOfSatisfying(ScopeFailedException.class, e -> {
                assertThat(e.failures())
                        .extracting(failure -> failure.subtask().name())
                        .containsExactly("orders", "ledger");
                assertThat(e.getSuppressed()).hasSize(1); // so that a stack trace shows it
            });
        }
        // end
    }

    @Test
    void aBlockIsNotLeftWithoutAJoin() {
        // guide: no-join
        assertThatThrownBy(() -> {
                    try (var scope = MixedScope.open()) {
                        scope.fork(IO, () -> never());
                    } // cancels, waits, and complains
                })
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("without a join");
        // end
    }
}
