package dev.loomscope.process;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.loomscope.event.ScopeEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrewarmTest {

    private static final long PATIENCE_S = 30;

    @TempDir
    Path folder;

    @Test
    void workersAreReadyBeforeTheFirstTaskButNoMoreThanThereMayBe() throws Exception {
        EventTrail events = new EventTrail();
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(2).withListener(events))) {
            assertThat(pool.prewarm(1).get(PATIENCE_S, SECONDS)).isEqualTo(1);
            assertThat(pool.stats().idle()).isEqualTo(1);
            assertThat(pool.prewarm(7).get(PATIENCE_S, SECONDS)).isEqualTo(2);
            assertThat(pool.prewarm(2).get(PATIENCE_S, SECONDS)).isEqualTo(2);

            assertThat(events.pids()).contains(PoolRun.run(pool, Work::pid));
            assertThat(events.of(ScopeEvent.WorkerStarted.class)).hasSize(2);
        }
    }

    @Test
    void whatFollowsRunsOnNoThreadThatThePoolNeedsAndNeedsNoCarrier() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            CompletableFuture<Thread> runsOn = pool.prewarm(1).thenApply(live -> Thread.currentThread());

            Thread thread = runsOn.get(PATIENCE_S, SECONDS);
            if (thread != Thread.currentThread()) { // it had not ended when what follows was added
                assertThat(thread.isVirtual()).isFalse();
                assertThat(thread.getName()).startsWith("loom-scope-results-");
            }
        }
    }

    @Test
    void aStartThatFailsIsToldWithItsReason() {
        try (LogTrail log = LogTrail.follow("dev.loomscope.process", Level.WARN);
                ProcessPool pool = ProcessPool.open(c -> c.withWorkers(2).withJvmOptions("-XX:NoSuchOption=7"))) {
            assertThatThrownBy(() -> pool.prewarm(2).get(PATIENCE_S, SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .cause()
                    .isInstanceOf(WorkerStartException.class)
                    .hasMessageContaining("Unrecognized VM option 'NoSuchOption=7'");
            assertThat(log.messages(Level.WARN)).isNotEmpty();
        }
    }

    @Test
    void aCloseEndsTheWait() throws Exception {
        Path pause = folder.resolve("paused");
        CompletableFuture<Integer> prewarmed;
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1)
                .withJvmOptions(
                        "-XX:+UnlockDiagnosticVMOptions", "-XX:+PauseAtStartup", "-XX:PauseAtStartupFile=" + pause))) {
            prewarmed = pool.prewarm(1);
            Eventually.becomesTrue("it pauses", () -> Files.exists(pause));
        }
        assertThatThrownBy(() -> prewarmed.get(PATIENCE_S, SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("its pool was closed");
    }

    @Test
    void nothingCannotBePrewarmedNorCanAClosedPool() {
        ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1));
        try (pool) {
            assertThatThrownBy(() -> pool.prewarm(0)).isInstanceOf(IllegalArgumentException.class);
        }
        assertThatThrownBy(() -> pool.prewarm(1)).isInstanceOf(IllegalStateException.class);
    }
}
