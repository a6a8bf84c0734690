package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Shields against cancels that come at any moment, and what they cost while a scope waits for them. */
class ShieldRaceTest {

    private static final int ROUNDS = 10_000;
    private static final int AT_ONCE = 4;
    private static final int SHIELDS_PER_PARK = 100;

    private final Map<String, AtomicInteger> wrong = new ConcurrentHashMap<>();

    private void wrong(String what) {
        wrong.computeIfAbsent(what, unused -> new AtomicInteger()).incrementAndGet();
    }

    // Enters and leaves shields until the one interrupt has come. It parks now and then: virtual threads that
    // only yield can keep their carriers to themselves, and one that has not started yet may wait for long.
    private Void shieldUntilInterrupted() {
        for (int turn = 0; !Thread.interrupted(); turn++) {
            Shield.run(() -> {
                if (Thread.currentThread().isInterrupted()) {
                    wrong("interrupted behind the shield");
                }
            });
            if (turn % SHIELDS_PER_PARK == 0) {
                LockSupport.parkNanos(1_000);
            }
        }
        return null;
    }

    private void shieldsAndNoFurtherInterrupt(CountDownLatch cancelled) {
        shieldUntilInterrupted();
        Patience.awaitDeaf(cancelled); // whoever delivers an interrupt has done so
        Shield.run(() -> {});
        if (Thread.interrupted()) {
            wrong("interrupted twice");
        }
    }

    private record Racing(Subtask<Void> subtask, CountDownLatch cancelled) {

        void cancel() {
            Patience.until("it has started", () -> subtask.startedAt().isPresent());
            subtask.cancel();
            cancelled.countDown();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aCancelThatRacesWithShieldsInterruptsOnceOutsideOfThemAndNeverAfterwards(TaskKind kind) throws Exception {
        Joiner<Object, ?> watch = Joiner.allUntil(subtask -> {
            if (Thread.currentThread().isInterrupted()) {
                wrong("interrupted after the task");
            }
            return false;
        });
        try (var scope = MixedScope.open(watch)) {
            Deque<Racing> racing = new ArrayDeque<>();
            for (int round = 0; round < ROUNDS; round++) {
                CountDownLatch cancelled = new CountDownLatch(1);
                racing.add(new Racing(scope.fork(kind, () -> shieldsAndNoFurtherInterrupt(cancelled)), cancelled));
                if (racing.size() >= AT_ONCE) {
                    racing.remove().cancel();
                }
            }
            racing.forEach(Racing::cancel);
            scope.join();
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void aCancelThatRacesWithShieldsInTheBodyOfACallInterruptsItOnce() throws Exception {
        SynchronousQueue<MixedScope<?, ?>> toCancel = new SynchronousQueue<>();
        Thread canceller = Thread.ofPlatform().daemon().start(() -> {
            try {
                while (true) {
                    toCancel.take().cancel();
                }
            } catch (InterruptedException e) {
                // enough
            }
        });
        for (int round = 0; round < 1_000; round++) {
            try {
                MixedScope.call(scope -> {
                    toCancel.put(scope);
                    shieldUntilInterrupted();
                    Shield.run(() -> {});
                    if (Thread.interrupted()) {
                        wrong("interrupted twice");
                    }
                    return scope.fork(() -> {}).state() == State.CANCELLED;
                });
            } catch (ScopeFailedException e) {
                // cancelled before the fork
            }
            if (Thread.interrupted()) {
                wrong("interrupted after the call");
            }
        }
        canceller.interrupt();
        canceller.join();
        assertThat(wrong).isEmpty();
    }

    /** The least of several windows: other threads of this process work too, but not in all of them. */
    @Test
    void aScopeThatWaitsForCancelledButShieldedSubtasksBurnsNoCpu() throws Exception {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        CountDownLatch behind = new CountDownLatch(20);
        CountDownLatch release = new CountDownLatch(1);
        long window = TimeUnit.MILLISECONDS.toNanos(100);
        AtomicInteger idleWindows = new AtomicInteger();
        Thread watcher = Thread.ofPlatform().start(() -> {
            Patience.awaitDeaf(behind);
            for (int i = 0; i < 12; i++) {
                long before = system.getProcessCpuTime();
                long end = System.nanoTime() + window;
                while (System.nanoTime() < end) {
                    LockSupport.parkNanos(window);
                }
                if (system.getProcessCpuTime() - before < window / 5) {
                    idleWindows.incrementAndGet();
                }
            }
            release.countDown();
        });
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            for (int i = 0; i < 20; i++) {
                scope.fork(
                        i % 2 == 0 ? TaskKind.IO : TaskKind.BLOCKING,
                        () -> Shield.call(() -> {
                            behind.countDown();
                            Patience.await(release);
                            return Thread.currentThread().isInterrupted();
                        }));
            }
            Patience.await(behind);
            scope.cancel();
            scope.join();
        }
        watcher.join();
        assertThat(idleWindows).as("windows in which the process was idle").hasValueGreaterThan(0);
    }
}
