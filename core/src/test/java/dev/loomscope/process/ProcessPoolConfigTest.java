package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.MemoryManagerMXBean;
import java.lang.management.MemoryPoolMXBean;
import java.nio.charset.Charset;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ProcessPoolConfigTest {

    private static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

    static Stream<Arguments> badValues() {
        return Stream.of(
                bad("name", c -> c.withName(" ")),
                bad("at least 1 worker, not 0", c -> c.withWorkers(0)),
                bad("at least 16 MiB, not 15", c -> c.withMaxHeapMiB(15)),
                bad("memoryBudgetMiB of pool 'cpu' must be at least 1, not 0", c -> c.withMemoryBudgetMiB(0)),
                bad("maxTasksPerWorker", c -> c.withMaxTasksPerWorker(-1)),
                bad("maxWorkerAge", c -> c.withMaxWorkerAge(Duration.ZERO)),
                bad("maxRetainedHeapMiB", c -> c.withMaxRetainedHeapMiB(-1)),
                bad("maxQueuedBytes", c -> c.withMaxQueuedBytes(-1)),
                bad("from 0 to 19, not 20", c -> c.withNiceness(20)),
                bad("from 0 to 19, not -1", c -> c.withNiceness(-1)),
                bad("idleTimeout", c -> c.withIdleTimeout(Duration.ofNanos(-1))),
                bad("cancelGrace", c -> c.withCancelGrace(Duration.ofNanos(-1))),
                bad("shutdownGrace", c -> c.withShutdownGrace(Duration.ofNanos(-1))),
                bad("startTimeout", c -> c.withStartTimeout(Duration.ZERO)),
                bad("", c -> c.withAllowedResults("com..acme.*=")));
    }

    private static Arguments bad(String says, UnaryOperator<ProcessPoolConfig> change) {
        return Arguments.of(says, change);
    }

    @ParameterizedTest
    @MethodSource("badValues")
    void aBadValueIsRefusedWithItsName(String says, UnaryOperator<ProcessPoolConfig> change) {
        assertThatThrownBy(() -> change.apply(ProcessPoolConfig.defaults()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(says);
    }

    @Test
    void eachChangeLeavesTheOriginalAlone() {
        ProcessPoolConfig config = ProcessPoolConfig.defaults();
        String before = config.toString();

        assertThat(config.withWorkers(7).workers()).isEqualTo(7);
        assertThat(config.withJvmOptions("-Da=b").withJvmOptions("-Dc=d").jvmOptions())
                .containsExactly("-Da=b", "-Dc=d");
        assertThat(config.withAllowedResults("a.*").withAllowedResults("b.*").allowedResults())
                .containsExactly("a.*", "b.*");
        assertThat(config).hasToString(before);
    }

    static Stream<Arguments> endlessTimes() {
        return Stream.of(
                Arguments.of("idleTimeout", (UnaryOperator<ProcessPoolConfig>) c -> c.withIdleTimeout(FOREVER)),
                Arguments.of("cancelGrace", (UnaryOperator<ProcessPoolConfig>) c -> c.withCancelGrace(FOREVER)),
                Arguments.of("startTimeout", (UnaryOperator<ProcessPoolConfig>) c -> c.withStartTimeout(FOREVER)));
    }

    @ParameterizedTest
    @MethodSource("endlessTimes")
    void foreverIsATimeLikeAnyOther(String which, UnaryOperator<ProcessPoolConfig> change) throws Exception {
        EventTrail events = new EventTrail();
        try (ProcessPool pool =
                ProcessPool.open(c -> change.apply(c.withWorkers(1).withListener(events)))) {
            assertThat(PoolRun.run(pool, () -> 1)).isEqualTo(1);
            PoolRun<String> listening = PoolRun.start(pool, Work::listen).awaitStart();
            listening.cancel(which);
            assertThat(listening.failure())
                    .isInstanceOfAny(InterruptedException.class, java.util.concurrent.CancellationException.class);
        }
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @Test
    void theHeapOfAWorkerIsBounded() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(32))) {
            assertThat(PoolRun.run(pool, () -> Runtime.getRuntime().maxMemory()))
                    .isLessThanOrEqualTo(32 << 20);
        }
    }

    @Test
    void jvmOptionsReachTheWorkerAsTheyAre() throws Exception {
        String odd = "C:\\a b\\\"c\" #'";
        assertThat(oddInWorker(odd)).isEqualTo(odd);
    }

    @Test
    void jvmOptionsMayHaveLettersThatThePlatformCanWrite() throws Exception {
        String platform = System.getProperty("sun.jnu.encoding");
        assumeTrue(
                Charset.forName(platform).newEncoder().canEncode('é'),
                "the locale's encoding, %s, has no é: run this with LC_ALL=C.UTF-8".formatted(platform));
        assertThat(oddInWorker("né")).isEqualTo("né");
    }

    private static String oddInWorker(String odd) throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withJvmOptions("-Dodd=" + odd, "-Xss2m"))) {
            return PoolRun.run(pool, () -> System.getProperty("odd"));
        }
    }

    @Test
    void theDefaultsAreAsWritten() {
        ProcessPoolConfig config = ProcessPoolConfig.defaults();

        assertThat(config.workers()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(config.cancelGrace()).isEqualTo(Duration.ofMillis(250));
        assertThat(config.shutdownGrace()).isEqualTo(Duration.ofSeconds(25));
        assertThat(config.idleTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.maxTasksPerWorker()).isZero();
    }

    private static String collectors() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .map(MemoryManagerMXBean::getName)
                .toList()
                .toString();
    }

    private static boolean hasC2() {
        return ManagementFactory.getMemoryPoolMXBeans().stream()
                .map(MemoryPoolMXBean::getName)
                .anyMatch(pool -> pool.contains("non-profiled"));
    }

    @Test
    void aWorkerHasTheSerialCollectorOneProcessorAndAllCompilers() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            assertThat(PoolRun.run(pool, () -> collectors())).isEqualTo("[Copy, MarkSweepCompact]");
            assertThat(PoolRun.run(pool, () -> Runtime.getRuntime().availableProcessors()))
                    .isEqualTo(1);
            assertThat(PoolRun.run(pool, () -> hasC2())).isTrue();
        }
    }

    @Test
    void aCollectorThatTheUserChoosesWinsOverOurs() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withJvmOptions("-XX:+UseParallelGC"))) {
            assertThat(PoolRun.run(pool, () -> collectors())).contains("PS ");
        }
    }
}
