package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.example.SharedPoolUser;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The shared pool is configured before its first use, and closed by those who mean it. */
class SharedPoolTest {

    @BeforeEach
    @AfterEach
    void closeShared() {
        ProcessPool.closeShared();
    }

    @Test
    void usesTheConfigurationThatWasSetBeforeItsFirstUse() throws Exception {
        ProcessPool.configureShared(c -> c.withWorkers(1).withMaxHeapMiB(64));

        assertThat(ProcessPool.shared().config().maxHeapMiB()).isEqualTo(64);
        assertThat(ProcessPool.shared().config().name()).isEqualTo("shared");
        assertThat(PoolRun.run(ProcessPool.shared(), () -> Runtime.getRuntime().maxMemory() >> 20))
                .isBetween(48L, 64L);
    }

    @Test
    void refusesConfigurationAfterItsFirstUseAndSaysWhereThatWas() {
        SharedPoolUser.use();

        assertThatThrownBy(() -> ProcessPool.configureShared(c -> c.withWorkers(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("has been in use since com.example.SharedPoolUser.use(SharedPoolUser.java:")
                .hasMessageContaining("closeShared()");
        assertThat(ProcessPool.shared().config().workers())
                .isEqualTo(ProcessPoolConfig.defaults().workers());
    }

    @Test
    void refusesSecondConfigurationAndSaysWhereTheFirstWas() {
        SharedPoolUser.configure();

        assertThatThrownBy(() -> ProcessPool.configureShared(c -> c.withWorkers(2)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot be configured twice")
                .hasMessageContaining("was configured at com.example.SharedPoolUser.configure(SharedPoolUser.java:");
        assertThat(ProcessPool.shared().config().workers()).isEqualTo(1);
    }

    @Test
    void keepsNoConfigurationIfTheFunctionThrows() {
        assertThatThrownBy(() -> ProcessPool.configureShared(c -> c.withWorkers(0)))
                .isInstanceOf(IllegalArgumentException.class);

        ProcessPool.configureShared(c -> c.withWorkers(1));
        assertThat(ProcessPool.shared().config().workers()).isEqualTo(1);
    }

    @Test
    void closesWorkersAndOpensFreshPoolAtNextUse() throws Exception {
        ProcessPool.configureShared(c -> c.withWorkers(1));
        ProcessPool before = ProcessPool.shared();
        long pid = PoolRun.run(before, Work::pid);

        ProcessPool.closeShared();

        assertThat(Pids.isAlive(pid)).isFalse();
        assertThatThrownBy(() -> PoolRun.run(before, Work::pid))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("process pool 'shared' is closed");
        assertThat(ProcessPool.shared()).isNotSameAs(before);
        assertThat(ProcessPool.shared().config().workers())
                .isEqualTo(ProcessPoolConfig.defaults().workers());
        assertThat(PoolRun.run(ProcessPool.shared(), Work::pid)).isNotEqualTo(pid);
    }

    @Test
    void closeCancelsTasksInFlight() throws Exception {
        PoolRun<Long> running =
                PoolRun.start(ProcessPool.shared(), "deaf", Work::spin).awaitStart();

        ProcessPool.closeShared();

        assertThat(running.failure()).isInstanceOf(CancellationException.class);
        assertThat(Pids.isAlive(running.pid())).isFalse();
    }

    @Test
    void closeWithoutUseForgetsTheConfiguration() {
        ProcessPool.configureShared(c -> c.withWorkers(1));

        ProcessPool.closeShared();
        ProcessPool.closeShared();

        ProcessPool.configureShared(c -> c.withMaxHeapMiB(64));
        assertThat(ProcessPool.shared().config().maxHeapMiB()).isEqualTo(64);
    }

    @Test
    void closeTakesItOutOfJmx() throws Exception {
        ObjectName name = new ObjectName("dev.loomscope:type=ProcessPool,name=" + ObjectName.quote("shared"));
        ProcessPool.configureShared(c -> c.withJmx(true));
        ProcessPool.shared();
        assertThat(ManagementFactory.getPlatformMBeanServer().isRegistered(name))
                .isTrue();

        ProcessPool.closeShared();

        assertThat(ManagementFactory.getPlatformMBeanServer().isRegistered(name))
                .isFalse();
    }

    @Test
    void tasksAreRefusedWhileItCloses() throws Exception {
        PoolRun<Long> deaf =
                PoolRun.start(ProcessPool.shared(), "deaf", Work::spin).awaitStart();
        ProcessPool closing = ProcessPool.shared();
        Thread closer = Thread.ofPlatform().start(ProcessPool::closeShared);
        Eventually.becomesTrue("it closes", () -> closing.toString().endsWith("closed]"));

        // The deaf task has a grace period, so that the pool is still closing, or it has just closed.
        ProcessPool now = ProcessPool.shared();
        if (now == closing) {
            assertThatThrownBy(() -> PoolRun.run(now, Work::pid)).isInstanceOf(IllegalStateException.class);
        }
        closer.join();

        assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
        assertThat(ProcessPool.shared()).isNotSameAs(closing);
    }

    @Test
    void racesOfUseAndCloseEndWithResultsOrRefusalsAndLeaveNoWorker() throws Exception {
        List<Long> before = children();
        AtomicInteger results = new AtomicInteger();
        CountDownLatch closes = new CountDownLatch(8);
        List<Future<?>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            for (int user = 0; user < 3; user++) {
                all.add(threads.submit(() -> {
                    while (closes.getCount() > 0) {
                        results.addAndGet(attempt() ? 1 : 0);
                    }
                    return null;
                }));
            }
            for (int closer = 0; closer < 2; closer++) {
                all.add(threads.submit(() -> {
                    while (closes.getCount() > 0) {
                        int seen = results.get();
                        Eventually.becomesTrue("a task has run", () -> results.get() > seen || closes.getCount() == 0);
                        ProcessPool.closeShared();
                        closes.countDown();
                    }
                    return null;
                }));
            }
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
        }
        ProcessPool.closeShared();

        assertThat(results).hasPositiveValue();
        Eventually.becomesTrue("no worker is left", () -> before.containsAll(children()));
    }

    private static boolean attempt() throws Exception {
        try {
            return PoolRun.run(ProcessPool.shared(), Work::pid) > 0;
        } catch (IllegalStateException e) {
            return false; // refused, or cancelled by the close
        }
    }

    private static List<Long> children() {
        return Pids.alive(
                ProcessHandle.current().children().map(ProcessHandle::pid).toList());
    }

    @Test
    void opensOnceHoweverManyThreadsUseItFirst() throws Exception {
        AtomicInteger opened = new AtomicInteger();
        SharedPool shared = new SharedPool(ProcessPoolConfig::defaults, config -> {
            opened.incrementAndGet();
            return ProcessPool.open(config);
        });
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            Callable<ProcessPool> use = shared::get;
            List<Future<ProcessPool>> all = threads.invokeAll(List.of(use, use, use, use, use, use, use, use));
            for (Future<ProcessPool> each : all) {
                assertThat(each.get()).isSameAs(shared.get());
            }
        }
        shared.close();

        assertThat(opened).hasValue(1);
    }

    @Test
    void inWorkerItIsConfiguredForThatWorkerOnly() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(96))) {
            String inside = PoolRun.run(pool, () -> {
                ProcessPool.configureShared(c -> c.withIdleTimeout(Duration.ofSeconds(7)));
                ProcessPoolConfig config = ProcessPool.shared().config();
                return "%d %d %s".formatted(config.workers(), config.maxHeapMiB(), config.idleTimeout());
            });

            assertThat(inside).isEqualTo("1 96 PT7S");
        }
    }
}
