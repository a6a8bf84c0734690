package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.event.ScopeEvent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Workers that are used up: retired between two tasks, and replaced. */
class WorkerWearTest {

    private static final List<byte[]> leak = new ArrayList<>(); // in a worker

    @TempDir
    Path folder;

    private final EventTrail events = new EventTrail();
    private ProcessPool pool;

    private void open(UnaryOperator<ProcessPoolConfig> change) {
        pool = ProcessPool.open(c -> change.apply(c.withWorkers(1).withListener(events)));
    }

    @AfterEach
    void close() {
        pool.close();

        assertThat(events.of(ScopeEvent.WorkerCrashed.class)).isEmpty();
        assertThat(events.of(ScopeEvent.WorkerKilled.class)).isEmpty();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    private String reasonOfFirstEnd() throws Exception {
        return events.await(ScopeEvent.WorkerRetired.class).getFirst().reason();
    }

    private static int leak(int mebibytes) {
        leak.add(new byte[mebibytes << 20]);
        return leak.size();
    }

    private static int litter(int mebibytes) {
        int seen = 0;
        for (int i = 0; i < mebibytes; i++) {
            seen += new byte[1 << 20].length;
        }
        return seen;
    }

    @Test
    void aWorkerThatHasHadItsTasksIsRetiredAndItsReplacementStartsBeforeTheNextOneComes() throws Exception {
        open(c -> c.withMaxTasksPerWorker(2));
        long first = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(first);
        assertThat(reasonOfFirstEnd()).isEqualTo("it has had 2 tasks");
        Eventually.becomesTrue("another one is ready", () -> pool.stats().idle() == 1);
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(first);
        Eventually.becomesTrue("the first is gone", () -> !Pids.isAlive(first));
    }

    @Test
    void tasksThatWaitBehindTheLastOneOfAWorkerHaveTheNextWorkers() throws Exception {
        open(c -> c.withMaxTasksPerWorker(1));
        String go = folder.resolve("go").toString();
        PoolRun<Long> first = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
        PoolRun<Long> second = PoolRun.start(pool, Work::pid);
        PoolRun<Long> third = PoolRun.start(pool, Work::pid);

        Work.touch(go);

        assertThat(List.of(first.get(), second.get(), third.get())).doesNotHaveDuplicates();
    }

    @Test
    void anIdleWorkerIsRetiredAtItsAgeAndReplaced() throws Exception {
        open(c -> c.withMaxWorkerAge(Duration.ofMillis(100)));
        long first = PoolRun.run(pool, Work::pid);

        assertThat(reasonOfFirstEnd()).isEqualTo("it is 100 ms old");
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(first);
    }

    @Test
    void aBusyWorkerIsRetiredAfterItsTask() throws Exception {
        open(c -> c.withMaxWorkerAge(Duration.ofMillis(1)));
        String go = folder.resolve("go").toString();
        PoolRun<Long> first = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
        PoolRun<Long> second = PoolRun.start(pool, Work::pid);
        Work.touch(go);

        assertThat(first.get()).isNotEqualTo(second.get());
        assertThat(events.await(ScopeEvent.WorkerRetired.class, first.get()))
                .singleElement()
                .satisfies(retired -> assertThat(retired.reason()).isEqualTo("it is 1 ms old"));
    }

    @Test
    void aWorkerWhoseTasksLeaveTooMuchBehindIsRetired() throws Exception {
        open(c -> c.withMaxRetainedHeapMiB(40).withMaxHeapMiB(256));
        long first = PoolRun.run(pool, Work::pid);
        PoolRun.run(pool, () -> leak(20));
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(first);

        PoolRun.run(pool, () -> leak(20));

        assertThat(reasonOfFirstEnd()).matches("its heap still holds 4\\d MiB between tasks");
        assertThat(PoolRun.run(pool, () -> leak.size())).isZero();
    }

    @Test
    void garbageIsNotLeftBehind() throws Exception {
        open(c -> c.withMaxRetainedHeapMiB(40).withMaxHeapMiB(256));
        long first = PoolRun.run(pool, Work::pid);

        for (int i = 0; i < 5; i++) {
            PoolRun.run(pool, () -> litter(60));
        }

        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(first);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(first); // it has answered for the last garbage by now
    }

    @Test
    void theLargeArgumentOfATaskIsNotLeftBehind() throws Exception {
        open(c -> c.withMaxRetainedHeapMiB(40).withMaxHeapMiB(256));
        long first = PoolRun.run(pool, Work::pid);
        byte[] load = new byte[60 << 20];

        for (int i = 0; i < 3; i++) {
            assertThat(PoolRun.run(pool, () -> load.length)).isEqualTo(load.length);
        }

        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(first);
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(first); // it has answered for the last argument by now
    }

    @Test
    void noAgeIsTooHigh() throws Exception {
        open(c -> c.withMaxWorkerAge(java.time.temporal.ChronoUnit.FOREVER.getDuration()));

        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(PoolRun.run(pool, Work::pid));
    }
}
