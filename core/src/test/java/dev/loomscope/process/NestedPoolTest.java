package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** CPU tasks that a CPU task forks: in workers of its own worker, which do not outlive it. */
class NestedPoolTest {

    @TempDir
    Path folder;

    private static ProcessPool open(int workers) {
        return ProcessPool.open(c ->
                c.withName("outer").withWorkers(workers).withMaxHeapMiB(48).withJvmOptions("-Dtest.option=taken over"));
    }

    private static ProcessHandle parent() {
        return ProcessHandle.current().parent().orElseThrow();
    }

    private static List<String> describeNested() throws Exception {
        return PoolRun.run(
                ProcessPool.shared(),
                () -> List.of(
                        String.valueOf(parent().pid()),
                        String.valueOf(Runtime.getRuntime().maxMemory() >> 20),
                        System.getProperty("test.option")));
    }

    @Test
    void aTaskOfAPoolOfOneForksTasksThatRunInAWorkerOfItsOwnConfiguredAsItself() throws Exception {
        try (ProcessPool pool = open(1)) {
            long worker = PoolRun.run(pool, Work::pid);

            List<String> nested = PoolRun.run(pool, () -> describeNested());

            assertThat(nested.get(0)).isEqualTo(String.valueOf(worker));
            assertThat(Long.parseLong(nested.get(1))).isBetween(40L, 48L);
            assertThat(nested.get(2)).isEqualTo("taken over");
        }
    }

    private static List<Long> forkMany(int number) throws Exception {
        List<PoolRun<Long>> runs = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            runs.add(PoolRun.start(ProcessPool.shared(), Work::pid));
        }
        List<Long> pids = new ArrayList<>();
        for (PoolRun<Long> run : runs) {
            pids.add(run.get());
        }
        return pids;
    }

    @Test
    void howeverManyTasksItForksItsWorkerHasOneWorker() throws Exception {
        try (ProcessPool pool = open(2)) {
            List<PoolRun<List<Long>>> outer = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                outer.add(PoolRun.start(pool, () -> forkMany(20)));
            }
            for (PoolRun<List<Long>> run : outer) {
                assertThat(run.get())
                        .hasSize(20)
                        .satisfies(pids -> assertThat(pids.stream().distinct()).hasSize(1));
            }
        }
    }

    private static String descend(int level) throws Exception {
        try {
            return PoolRun.run(ProcessPool.shared(), () -> descend(level + 1));
        } catch (IllegalStateException e) {
            return level + ": " + e.getMessage();
        }
    }

    @Test
    void aTaskThatForksItselfWithoutEndIsToldThatItIsTooDeep() throws Exception {
        try (ProcessPool pool = open(1)) {
            assertThat(PoolRun.run(pool, () -> descend(1)))
                    .startsWith(
                            "3: CPU task 'task' cannot be forked here: this process is worker w1, 3 levels below the application")
                    .endsWith("Call its code directly, or fork it as IO or BLOCKING.");
        }
    }

    private static long spinBelow(String file) {
        PoolRun.start(ProcessPool.shared(), () -> {
            Work.touch(file);
            return Work.spin();
        });
        return Work.spin();
    }

    private long nestedPid(Path file) throws Exception {
        Eventually.becomesTrue(
                "it runs", () -> Files.exists(file) && !Files.readString(file).isEmpty());
        return Long.parseLong(Files.readString(file));
    }

    @ParameterizedTest
    @ValueSource(strings = {"it is killed from outside", "it is cancelled and does not listen"})
    void aWorkerOfAWorkerDiesWithItWhateverItRuns(String how) throws Exception {
        Path file = folder.resolve("nested");
        String path = file.toString();
        try (ProcessPool pool = open(1)) {
            PoolRun<Long> outer = PoolRun.start(pool, () -> spinBelow(path));
            long nested = nestedPid(file);
            long worker = ProcessHandle.of(nested)
                    .orElseThrow()
                    .parent()
                    .orElseThrow()
                    .pid();

            if (how.equals("it is killed from outside")) {
                Pids.signal("KILL", worker);
                assertThat(outer.failure()).isInstanceOf(WorkerCrashedException.class);
            } else {
                outer.cancel("enough");
                assertThat(outer.failure()).isInstanceOf(CancellationException.class);
            }

            Eventually.becomesTrue(
                    "both are gone", () -> Pids.alive(List.of(nested, worker)).isEmpty());
        }
    }

    @Test
    void anIdleWorkerOfAWorkerThatIsRetiredIsGoneToo() throws Exception {
        long nested;
        try (ProcessPool pool = open(1)) {
            nested = PoolRun.run(pool, () -> forkMany(1)).getFirst();
            assertThat(Pids.isAlive(nested)).isTrue();
        }
        Eventually.becomesTrue("it is gone", () -> !Pids.isAlive(nested));
    }

    @Test
    void allOfThemAreGoneTwoSecondsAfterTheApplicationWasKilled() throws Exception {
        try (PoolOwner owner = PoolOwner.start("nested")) {
            assertThat(owner.readLine()).isEqualTo("nested");
            List<Long> all = owner.descendants();
            assertThat(all).hasSizeGreaterThanOrEqualTo(2);

            owner.kill();

            Eventually.becomesTrue(
                    "none lives",
                    Duration.ofSeconds(2 + 3),
                    () -> Pids.alive(all).isEmpty());
        }
    }
}
