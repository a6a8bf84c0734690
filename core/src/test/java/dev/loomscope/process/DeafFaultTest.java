package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tasks that hear no interrupt, wherever they are. */
class DeafFaultTest {

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    @TempDir
    Path folder;

    @SuppressWarnings("unused")
    private static volatile int sink;

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withName("deaf")
                .withWorkers(1)
                .withCancelGrace(Duration.ofMillis(50))
                .withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
    }

    // The task makes the file 'there' just before it does what cannot be interrupted.
    private void assertThatACancelKills(Task<?> task) throws Exception {
        PoolRun<?> run = PoolRun.start(pool, "deaf", task);
        long pid = run.pid();
        Eventually.becomesTrue("it is there", () -> Files.exists(Path.of(there())) || run.hasEnded());

        run.cancel("enough");

        assertThat(run.failure()).isInstanceOf(CancellationException.class).hasMessageContaining("enough");
        assertThat(Pids.isAlive(pid)).isFalse();
        assertThat(events.await(ScopeEvent.WorkerKilled.class, pid)).hasSize(1);
        assertThat(PoolRun.run(pool, Work::pid)).isNotEqualTo(pid);
    }

    private String there() {
        return folder.resolve("there").toString();
    }

    @Test
    void aLoopOfNothingButArithmeticIsKilled() throws Exception {
        String there = there();
        assertThatACancelKills(() -> {
            Work.touch(there);
            while (true) {
                for (int i = 0; i < Integer.MAX_VALUE; i++) {
                    sink = i;
                }
            }
        });
    }

    @Test
    void aTaskThatSwallowsInterruptsAndGoesOnIsKilled() throws Exception {
        String there = there();
        assertThatACancelKills(() -> {
            Work.touch(there);
            while (true) {
                try {
                    Thread.sleep(1_000);
                } catch (InterruptedException e) {
                    sink++;
                }
            }
        });
    }

    @Test
    void aTaskThatWaitsForALockThatIsNeverReleasedIsKilled() throws Exception {
        String there = there();
        assertThatACancelKills(() -> {
            Object monitor = new Object();
            Thread holder = new Thread(() -> {
                synchronized (monitor) {
                    Work.spin();
                }
            });
            holder.start();
            Work.touch(there);
            while (true) {
                synchronized (monitor) {
                    sink++;
                }
            }
        });
    }

    @Test
    void aTaskThatIsBlockedInASystemCallIsKilled() throws Exception {
        String there = there();
        String pipe = folder.resolve("pipe").toString();
        assertThat(new ProcessBuilder("mkfifo", pipe).start().waitFor()).isZero();
        assertThatACancelKills(() -> {
            Work.touch(there);
            try (FileInputStream in = new FileInputStream(pipe)) { // waits for somebody who writes
                return in.read();
            }
        });
    }

    @Test
    void aTaskThatDoesNotReturnFromNativeCodeIsKilled() throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        String there = there();
        assertThatACancelKills(() -> {
            Work.touch(there);
            return NativeCode.call("sleep", 600);
        });
    }

    @Test
    void aNativeCallThatHoldsUpTheWholeJvmOfItsWorkerIsKilled() throws Exception {
        assumeTrue(NativeCode.isAvailable(), NativeCode.MISSING);
        String there = there();
        assertThatACancelKills(() -> {
            NativeCode.callCritical("sleep", 0);
            Work.touch(there);
            return NativeCode.callCritical("sleep", 600);
        });
    }
}
