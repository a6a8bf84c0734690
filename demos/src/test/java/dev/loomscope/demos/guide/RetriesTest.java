package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.download;
import static dev.loomscope.demos.guide.Fakes.never;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.failsafe.Failsafe;
import dev.failsafe.RetryPolicy;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeFailedException;
import dev.loomscope.Subtask;
import dev.loomscope.Subtask.State;
import dev.loomscope.process.WorkerCrashedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trying again, inside a task. */
class RetriesTest {

    @Test
    void aTaskTriesAgain() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        // guide: retry
        RetryPolicy<String> policy = RetryPolicy.<String>builder()
                .handle(IOException.class) // and nothing else: neither bugs nor cancels
                .withBackoff(ofMillis(10), ofSeconds(1))
                .withJitter(0.2)
                .withMaxRetries(4)
                .build();
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> orders = scope.fork(
                    "orders",
                    IO,
                    () -> Failsafe.with(policy).get(() -> {
                        MixedScope.checkCancelled(); // a cancelled task tries no more
                        if (attempts.incrementAndGet() < 3) {
                            throw new IOException("connection reset");
                        }
                        return download("/orders");
                    }));
            scope.join(); // sees one subtask that succeeded
            assertThat(orders.get()).isEqualTo("page /orders");
        }
        // end
        assertThat(attempts).hasValue(3);
    }

    @Test
    void aCancelEndsTheBackOff() throws Exception {
        CountDownLatch failed = new CountDownLatch(1);
        // guide: retry-cancel
        RetryPolicy<String> patient = RetryPolicy.<String>builder()
                .handle(IOException.class)
                .withDelay(ofHours(1))
                .build();
        try (var scope = MixedScope.<String>open()) {
            Subtask<String> orders = scope.fork(
                    "orders",
                    IO,
                    () -> Failsafe.with(patient).get(() -> {
                        failed.countDown();
                        throw new IOException("connection reset");
                    }));
            failed.await();
            orders.cancel(); // interrupts the hour of waiting
            scope.join();
            assertThat(orders.state()).isEqualTo(State.CANCELLED);
        }
        // end
    }

    @Test
    void theLastFailureIsWrapped() {
        try (var scope = MixedScope.<String>open()) {
            RetryPolicy<String> once =
                    RetryPolicy.<String>builder().withMaxRetries(1).build();
            scope.fork(
                    IO,
                    () -> Failsafe.with(once).get(() -> {
                        throw new IOException("connection reset");
                    }));
            assertThatThrownBy(scope::join)
                    .cause()
                    .isInstanceOf(dev.failsafe.FailsafeException.class)
                    .hasCauseInstanceOf(IOException.class);
        }
    }

    @Test
    void aClientThatSwallowsTheInterruptIsNotAskedAgain() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        AtomicInteger attempts = new AtomicInteger();
        try (var scope = MixedScope.<String>open()) {
            RetryPolicy<String> policy =
                    RetryPolicy.<String>builder().handle(IOException.class).build();
            Subtask<String> subtask = scope.fork(
                    IO,
                    () -> Failsafe.with(policy).get(() -> {
                        MixedScope.checkCancelled();
                        attempts.incrementAndGet();
                        running.countDown();
                        try {
                            return never();
                        } catch (InterruptedException e) {
                            throw new IOException("connection lost");
                        }
                    }));
            running.await();
            subtask.cancel();
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(attempts).hasValue(1);
    }

    private static long crashesAtFirst(String marker) throws IOException {
        Path attempted = Path.of(marker);
        if (Files.notExists(attempted)) {
            Files.createFile(attempted);
            Runtime.getRuntime().halt(1);
        }
        return 42;
    }

    @Test
    void aCrashIsTriedAgainInAScopeOfItsOwn(@TempDir Path folder) throws Exception {
        String marker = folder.resolve("attempted").toString();
        // guide: retry-crash
        RetryPolicy<Long> afterCrash = RetryPolicy.<Long>builder()
                .handleIf(e -> e instanceof ScopeFailedException && e.getCause() instanceof WorkerCrashedException)
                .withMaxRetries(2)
                .build();
        long result = Failsafe.with(afterCrash)
                .get(() -> MixedScope.call(
                        attempt -> { // a scope for each attempt: a failure cancels no more than it
                            return attempt.fork(CPU, () -> crashesAtFirst(marker))
                                    .await();
                        }));
        assertThat(result).isEqualTo(42);
        // end
    }
}
