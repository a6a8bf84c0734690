package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.event.ScopeEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class ProcessPoolCloseTest {

    private final EventTrail events = new EventTrail();

    private ProcessPool open(int workers) {
        return ProcessPool.open(c -> c.withName("closing")
                .withWorkers(workers)
                .withCancelGrace(Duration.ofMillis(50))
                .withListener(events));
    }

    @Test
    void closeFailsTasksThatWaitAndTasksThatRunAndLeavesNoProcess() {
        ProcessPool pool = open(1);
        PoolRun<Long> running = PoolRun.start(pool, "deaf", Work::spin).awaitStart();
        PoolRun<Long> waiting = PoolRun.start(pool, "waits", Work::pid);

        pool.close();

        assertThat(Pids.alive(events.pids())).isEmpty();
        assertThat(events.pids()).hasSize(1);
        assertThat(waiting.failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'closing' is closed");
        assertThat(running.failure())
                .isInstanceOfAny(CancellationException.class, IllegalStateException.class)
                .hasMessageContaining("clos");
    }

    @Test
    void theMessageOfATaskThatCloseHasStoppedSaysSo() {
        ProcessPool pool = open(1);
        PoolRun<Long> running = PoolRun.start(pool, "deaf", Work::spin).awaitStart();

        pool.close();

        assertThat(running.failure())
                .message()
                .contains("deaf")
                .contains("close")
                .doesNotContain("null");
        assertThat(events.of(ScopeEvent.WorkerKilled.class))
                .singleElement()
                .satisfies(killed -> assertThat(killed.reason()).doesNotContain("null"));
    }

    @Test
    void closeInterruptsATaskThatListens() {
        ProcessPool pool = ProcessPool.open(
                c -> c.withWorkers(1).withCancelGrace(Duration.ofSeconds(20)).withListener(events));
        PoolRun<String> running = PoolRun.start(pool, Work::listen).awaitStart();

        pool.close();

        assertThat(running.failure()).isInstanceOfAny(InterruptedException.class, CancellationException.class);
        assertThat(events.of(ScopeEvent.WorkerKilled.class)).isEmpty();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    @Test
    void closeEndsWorkersThatAreStillStarting() throws Exception {
        List<Long> othersChildren = livingChildren();
        ProcessPool pool = open(2);
        List<PoolRun<Long>> runs = List.of(PoolRun.start(pool, Work::pid), PoolRun.start(pool, Work::pid));
        Eventually.becomesTrue("two are starting", () -> pool.toString().contains("2 starting"));

        pool.close();

        assertThat(livingChildren()).isSubsetOf(othersChildren);
        assertThat(pool.toString()).contains("0 of 2 workers, 0 starting, 0 idle, 0 tasks waiting, closed");
        assertThat(runs)
                .allSatisfy(run -> assertThat(run.failure())
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("is closed"));
    }

    private static List<Long> livingChildren() {
        return Pids.alive(
                ProcessHandle.current().children().map(ProcessHandle::pid).toList());
    }

    @Test
    void aCrashWhileThePoolClosesDoesNotPromiseANewWorker() throws Exception {
        ProcessPool pool =
                ProcessPool.open(c -> c.withName("closing").withWorkers(1).withCancelGrace(Duration.ofSeconds(20)));
        PoolRun<Object> crashing = PoolRun.start(pool, () -> {
                    Work.listenAndReturnPid();
                    Runtime.getRuntime().halt(3);
                    return null;
                })
                .awaitStart();

        pool.close();

        assertThat(crashing.failure())
                .isInstanceOf(WorkerCrashedException.class)
                .hasMessageContaining("0 of 1 workers left, the pool is closed.")
                .hasMessageNotContaining("a new one");
    }

    @Test
    void aClosedPoolTakesNoTasks() {
        ProcessPool pool = open(1);
        PoolRun<Long> prepared = PoolRun.prepare(pool, "late", Work::pid);
        pool.close();

        assertThatThrownBy(() -> PoolRun.prepare(pool, "later", Work::pid))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'closing' is closed");
        assertThat(prepared.start().failure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'closing' is closed");
        assertThat(events.all()).isEmpty();
    }

    @Test
    void closingTwiceAndFromSeveralThreadsWaitsForTheSameEnd() throws Exception {
        ProcessPool pool = open(1);
        long pid = PoolRun.run(pool, Work::pid);
        List<Boolean> deadAfterClose = new CopyOnWriteArrayList<>();
        List<Thread> closers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            closers.add(Thread.ofPlatform().start(() -> {
                pool.close();
                deadAfterClose.add(!Pids.isAlive(pid));
            }));
        }
        for (Thread closer : closers) {
            assertThat(closer.join(PoolRun.PATIENCE)).isTrue();
        }
        pool.close();

        assertThat(deadAfterClose).containsExactly(true, true, true, true);
    }

    @Test
    void anInterruptedThreadClosesCompletelyAndStaysInterrupted() throws Exception {
        ProcessPool pool = open(1);
        long pid = PoolRun.run(pool, Work::pid);

        Thread.currentThread().interrupt();
        pool.close();

        assertThat(Thread.interrupted()).isTrue();
        assertThat(Pids.isAlive(pid)).isFalse();
    }

    @Test
    void aShutdownHookOfATaskDoesNotKeepCloseWaiting() throws Exception {
        ProcessPool pool = open(1);
        long pid = PoolRun.run(pool, () -> {
            Runtime.getRuntime().addShutdownHook(new Thread(Work::spin));
            return Work.pid();
        });
        long before = System.nanoTime();

        pool.close();

        assertThat(Pids.isAlive(pid)).isFalse();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(15));
    }
}
