package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known of a task that was over, or whose worker was, before anybody could be told that it had begun. */
class BegunMarkTest {

    private static final int TIMES = 20;

    @TempDir
    Path temporary;

    private WorkerFolder folder;

    @BeforeEach
    void create() throws IOException {
        folder = WorkerFolder.create();
    }

    @AfterEach
    void delete() {
        folder.delete();
    }

    @Test
    void whatWasSetLastIsRead() throws IOException {
        try (BegunMark mark = BegunMark.create(folder.path())) {
            assertThat(BegunMark.isIn(folder)).isTrue();
            assertThat(BegunMark.read(folder, true)).isEqualTo(BegunMark.NONE);
            assertThat(mark.set(7)).isTrue();
            assertThat(mark.set(8)).isTrue();
        }

        assertThat(BegunMark.read(folder, true)).isEqualTo(8);
    }

    @Test
    void whereNoFileCanBeMadeThereIsNone() throws IOException {
        assertThat(BegunMark.create(null)).isNull();
        assertThat(BegunMark.create(temporary.resolve("missing"))).isNull();
        Files.createFile(folder.begun());
        assertThat(BegunMark.create(folder.path()))
                .as("what is there is not ours")
                .isNull();
    }

    @Test
    void aFileThatSaysNothingSaysThatNothingHasBegunOnlyWhereNoneWasPromised() throws Exception {
        assertSaysNothing();
        Files.write(folder.begun(), new byte[] {1, 2, 3});
        assertSaysNothing();
        Files.delete(folder.begun());
        assertThat(new ProcessBuilder("mkfifo", folder.begun().toString())
                        .start()
                        .waitFor())
                .isZero();
        assertSaysNothing(); // a pipe that nobody writes to
    }

    private void assertSaysNothing() {
        assertThat(BegunMark.read(folder, false)).isEqualTo(BegunMark.NONE);
        assertThat(BegunMark.read(folder, true)).isEqualTo(BegunMark.UNKNOWN);
    }

    @Test
    void aTaskWhoseMarkIsTakenAwayIsNotRunAgain() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(32))) {
            Path runs = temporary.resolve("runs");
            String path = runs.toString();
            PoolRun<Void> run = PoolRun.start(pool, () -> {
                Path args = Path.of(System.getProperty("java.io.tmpdir"));
                try (var folders = Files.newDirectoryStream(args, "loom-scope-" + parentPid() + "-*")) {
                    for (Path each : folders) {
                        Files.deleteIfExists(each.resolve(WorkerFolder.BEGUN));
                    }
                }
                return endAtOnce(path).call();
            });

            assertThat(run.failure()).isInstanceOf(WorkerCrashedException.class);
            assertThat(Files.size(runs)).isEqualTo(1);
        }
    }

    private static long parentPid() {
        return ProcessHandle.current().parent().orElseThrow().pid();
    }

    @Test
    void aTaskWhoseResultIsCutOffIsNotRunAgain() throws Exception {
        try (ProcessPool pool = HostileWorker.open(c -> c.withMaxHeapMiB(64))) {
            PoolRun.run(pool, HostileWorker::takeOver);
            Path runs = temporary.resolve("runs");
            String path = runs.toString();
            PoolRun<Void> run = HostileWorker.start(pool, () -> {
                Files.write(Path.of(path), new byte[1], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                HostileWorker.say(Frame.Type.RESULT, HostileWorker.taskId(), true, new byte[Frame.MAX_BODY]);
                HostileWorker.sayRaw("GET / HTTP/1.1\r\n".getBytes()); // which is no frame: the channel ends here
                HostileWorker.hang();
                return null;
            });

            assertThat(run.failure())
                    .isInstanceOfSatisfying(
                            WorkerCrashedException.class,
                            crash -> assertThat(crash.started()).isTrue());
            assertThat(Files.size(runs)).isEqualTo(1);
        }
    }

    @Test
    void aTaskThatEndsItsWorkerAtOnceHasStartedAndRunsOnce() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(32))) {
            for (int i = 0; i < TIMES; i++) {
                Path runs = temporary.resolve("runs" + i);
                PoolRun<Void> run = PoolRun.start(pool, endAtOnce(runs.toString()));

                assertThat(run.failure())
                        .isInstanceOfSatisfying(
                                WorkerCrashedException.class,
                                crash -> assertThat(crash.started()).isTrue());
                assertThat(run.runner()).as("whoever forked it was told").contains("pid");
                assertThat(Files.size(runs)).isEqualTo(1);
            }
        }
    }

    private static Task<Void> endAtOnce(String runs) {
        return () -> {
            Files.write(Path.of(runs), new byte[1], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            Runtime.getRuntime().halt(1);
            return null;
        };
    }

    @Test
    void aTaskThatIsOverAtOnceHasStarted() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(32))) {
            for (int i = 0; i < TIMES; i++) {
                PoolRun<Integer> run = PoolRun.start(pool, () -> 1);

                assertThat(run.get()).isEqualTo(1);
                assertThat(run.runner()).contains("pid");
            }
        }
    }
}
