package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What tasks leave behind in their worker, or below it. */
class LeftBehindTest {

    private final String marker = "600." + Work.pid() + System.nanoTime() % 1_000_000;
    private final EventTrail events = new EventTrail();
    private final ProcessPool pool = ProcessPool.open(c -> c.withName("leftovers")
            .withWorkers(1)
            .withCancelGrace(Duration.ZERO)
            .withListener(events));

    @AfterEach
    void close() throws Exception {
        pool.close();
        assertThat(Pids.alive(events.pids())).isEmpty();
        for (long pid : Pids.withArgument(marker)) {
            Pids.signal("KILL", pid);
        }
    }

    // The shell that starts it ends at once, so that the sleeper is nobody's child any more.
    private static long startOrphan(String marker) throws Exception {
        new ProcessBuilder("/bin/sh", "-c", "setsid sleep %s &".formatted(marker))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
        return Work.pid();
    }

    private void awaitOrphan() throws Exception {
        Eventually.becomesTrue(
                "it sleeps, and is in no tree below a worker",
                () -> Pids.withArgument(marker).size() == 1
                        && events.pids().stream()
                                .flatMap(pid -> ProcessHandle.of(pid).stream())
                                .flatMap(ProcessHandle::descendants)
                                .noneMatch(process -> Pids.withArgument(marker).contains(process.pid())));
    }

    private void awaitNoOrphan() throws Exception {
        Eventually.becomesTrue("it is gone", () -> Pids.withArgument(marker).isEmpty());
    }

    @Test
    void whoInterruptsAllThreadsOfItsWorkerHarmsNoTaskAfterIt() throws Exception {
        for (int i = 0; i < 20; i++) {
            assertThat(PoolRun.run(pool, LeftBehindTest::interruptAll)).isTrue();
            assertThat(PoolRun.run(pool, () -> Thread.currentThread().isInterrupted()))
                    .isFalse();
        }
    }

    @Test
    void whoInterruptsTheThreadOfTasksWhenItsOwnHasEndedHarmsNoTaskAfterIt(@TempDir Path folder) throws Exception {
        for (int i = 0; i < 5; i++) {
            PoolRun.run(pool, Work::pid); // so that what follows is not long for want of classes
        }
        for (int millis : new int[] {0, 50}) { // of a task that is short, and of one that is long
            String ended = folder.resolve("ended" + millis).toString();
            String done = folder.resolve("done" + millis).toString();
            PoolRun.run(pool, () -> interruptWhen(ended, done, millis));
            Work.touch(ended);
            Eventually.becomesTrue("it was interrupted", () -> Files.exists(Path.of(done)));

            assertThat(PoolRun.run(pool, () -> Thread.currentThread().isInterrupted()))
                    .isFalse();
        }
    }

    private static long interruptWhen(String ended, String done, int millis) throws Exception {
        Thread task = Thread.currentThread();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                Work.awaitFile(ended);
                task.interrupt();
                Work.touch(done);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        Thread.sleep(millis);
        return Work.pid();
    }

    private static boolean interruptAll() {
        Thread self = Thread.currentThread();
        Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread != self)
                .forEach(Thread::interrupt);
        return true;
    }

    @Test
    void threadsThatAreNoDaemonsKeepNeitherTheNextTaskNorTheEndOfTheWorkerWaiting() throws Exception {
        long pid = PoolRun.run(pool, () -> {
            for (int i = 0; i < 3; i++) {
                Thread thread = new Thread(Work::spin, "left behind");
                thread.setDaemon(false);
                thread.start();
            }
            return Work.pid();
        });

        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        long before = System.nanoTime();
        pool.close();

        assertThat(Pids.isAlive(pid)).isFalse();
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(15));
    }

    @Test
    void anOrphanOfADeafTaskDiesWithIt() throws Exception {
        String mine = marker;
        PoolRun<Long> deaf = PoolRun.start(pool, () -> startOrphan(mine) + Work.spin());
        awaitOrphan();

        deaf.cancel("enough");

        assertThat(deaf.failure()).isInstanceOf(CancellationException.class);
        awaitNoOrphan();
    }

    @Test
    void anOrphanOfATaskThatCrashesDiesWithIt() throws Exception {
        String mine = marker;
        PoolRun<Long> run = PoolRun.start(pool, () -> startOrphan(mine) + Work.spin());
        awaitOrphan();

        Pids.signal("KILL", run.pid());

        assertThat(run.failure()).isInstanceOf(WorkerCrashedException.class);
        awaitNoOrphan();
    }

    @Test
    void aChildOfATaskThatExitsDiesWithIt() throws Exception {
        String mine = marker;
        Crashes.by(pool, () -> {
            new ProcessBuilder("sleep", mine).start();
            System.exit(1);
            return 0;
        });

        awaitNoOrphan();
    }

    @Test
    void anOrphanOfATaskThatHasEndedLivesAsLongAsItsWorker() throws Exception {
        String mine = marker;
        long pid = PoolRun.run(pool, () -> startOrphan(mine));
        awaitOrphan();
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        assertThat(Pids.withArgument(marker)).hasSize(1);

        pool.close();

        awaitNoOrphan();
    }

    @Test
    void anOrphanWithoutTheMarkOfItsWorkerIsLeftAlone() throws Exception {
        String mine = marker;
        PoolRun.run(pool, () -> {
            ProcessBuilder shell = new ProcessBuilder("/bin/sh", "-c", "setsid sleep %s &".formatted(mine));
            shell.environment().remove("LOOM_SCOPE_WORKER");
            return shell.start().waitFor();
        });
        awaitOrphan();

        pool.close();

        assertThat(Pids.withArgument(marker)).hasSize(1);
    }
}
