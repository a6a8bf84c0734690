package dev.loomscope.demos.guide;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.IO;
import static dev.loomscope.demos.guide.Fakes.countRows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.Limiter;
import dev.loomscope.LimiterDeadlockException;
import dev.loomscope.LimiterStats;
import dev.loomscope.MixedScope;
import dev.loomscope.ScopeConfig;
import dev.loomscope.ScopeFailedException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** How many at once. */
class LimitersTest {

    @Test
    void aScopeHasBoundsOfItsOwn() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        // guide: bound
        try (var scope = MixedScope.open(c -> c.withMaxConcurrent(BLOCKING, 2))) {
            for (int i = 0; i < 100; i++) {
                scope.fork(
                        BLOCKING,
                        () -> { // never blocks: whoever finds no permit waits in line
                            most.accumulateAndGet(running.incrementAndGet(), Math::max);
                            running.decrementAndGet();
                        });
            }
            scope.join();
        }
        assertThat(most.get()).isBetween(1, 2);
        // end
    }

    // guide: limiter
    /** One for the whole program: as many as the database has connections. */
    private static final Limiter DATABASE = Limiter.of("database", 2);

    static int rowsOf(List<String> tables) throws Exception {
        ScopeConfig config = ScopeConfig.defaults().withLimiter(BLOCKING, DATABASE);
        return MixedScope.call(
                config,
                scope -> scope.map(tables, Fakes::countRows).stream()
                        .mapToInt(Integer::intValue)
                        .sum());
    }

    @Test
    void scopesShareALimiter() throws Exception {
        try (var scope = MixedScope.open()) {
            scope.fork(IO, () -> rowsOf(List.of("orders", "stock"))); // two requests, two scopes,
            scope.fork(IO, () -> rowsOf(List.of("users", "prices"))); // and never more than 2 queries at once
            scope.join();
        }
        int rows = DATABASE.call(() -> countRows("orders")); // code outside of scopes shares it, too
        assertThat(rows).isEqualTo(6);
        assertThat(DATABASE.stats().granted()).isEqualTo(5);
    }
    // end

    @Test
    void aLimiterIsResizedAndTellsWhatItDid() throws Exception {
        // guide: limiter-resize
        Limiter printers = Limiter.of("printers", 1);
        CountDownLatch bothPrint = new CountDownLatch(2);
        try (var scope = MixedScope.open(c -> c.withLimiter(BLOCKING, printers))) {
            for (int i = 0; i < 2; i++) {
                scope.fork(BLOCKING, () -> {
                    bothPrint.countDown();
                    bothPrint.await(); // needs a second printer
                });
            }
            printers.resize(2); // who is first in line starts before this returns
            scope.join();
        }
        LimiterStats stats = printers.stats();
        assertThat(stats.granted()).isEqualTo(2);
        assertThat(stats.inUse()).isZero();
        assertThat(stats.longestWait()).isPositive(); // the second had to wait
        // end
    }

    @Test
    void aWaitThatWouldNeverEndIsAnError() {
        // guide: limiter-deadlock
        try (var scope = MixedScope.<Object>open(c -> c.withLimiter(BLOCKING, Limiter.of("database", 1)))) {
            scope.fork(
                    "report",
                    BLOCKING,
                    () -> { // has the only permit,
                        return scope.fork("rows", BLOCKING, () -> countRows("orders"))
                                .await(); // and waits for who needs it
                    });
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasRootCauseInstanceOf(LimiterDeadlockException.class)
                    .rootCause()
                    .hasMessageContaining("limiter 'database' (1 permit), held by");
        }
        // end
    }
}
