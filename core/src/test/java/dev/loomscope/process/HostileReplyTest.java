package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import dev.loomscope.core.Task;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a worker that was taken over can say, and how little comes of it: real bytes of a real worker. */
class HostileReplyTest {

    private static final int MIB = 1 << 20;

    private static LogTrail log;
    private static ProcessPool pool;

    @TempDir
    Path folder;

    /** Runs in the worker, which was taken over. */
    @FunctionalInterface
    interface Attack extends Task<Void> {
        void run() throws Exception;

        @Override
        default Void call() throws Exception {
            run();
            return null;
        }
    }

    @BeforeAll
    static void open() {
        log = LogTrail.follow(Worker.class.getName(), Level.WARN);
        pool = HostileWorker.open(c -> c.withMaxResultMiB(4));
    }

    @AfterAll
    static void close() {
        pool.close();
        log.close();
    }

    private static PoolRun<Void> attack(Attack attack) throws Exception {
        PoolRun.run(pool, HostileWorker::takeOver);
        return HostileWorker.start(pool, attack);
    }

    private static void assertKilledFor(String breach, PoolRun<?> run) throws Exception {
        assertThat(run.failure())
                .isInstanceOf(WorkerCrashedException.class)
                .hasMessageContaining("It did not keep to the protocol: " + breach)
                .hasMessageContaining("trust nothing that it did");
        assertThat(log.messages()).anyMatch(message -> message.contains(breach));
        assertThat(PoolRun.run(pool, () -> Work.square(7))).isEqualTo(49); // another worker is there
    }

    @ParameterizedTest
    @EnumSource(names = {"HELLO", "READY", "TASK", "CANCEL", "RETIRE", "TIME", "WORLD", "SETUP"})
    void aFrameThatNoWorkerMaySendEndsTheWorker(Frame.Type type) throws Exception {
        assertKilledFor("a worker must not send " + type, attack(() -> HostileWorker.say(type)));
    }

    @Test
    void bytesThatAreNoFrameEndTheWorker() throws Exception {
        assertKilledFor("unknown frame type 71", attack(() -> HostileWorker.sayRaw("GET / HTTP/1.1\r\n".getBytes())));
    }

    @Test
    void aTaskThatNobodyHasCancelledCannotBeDropped() throws Exception {
        assertKilledFor("task ", attack(() -> HostileWorker.say(Frame.Type.DROPPED)));
        assertThat(log.messages()).anyMatch(message -> message.contains("is dropped, which nobody has cancelled"));
    }

    @Test
    void aTaskCannotStartTwice() throws Exception {
        assertKilledFor("task ", attack(() -> {
            HostileWorker.say(Frame.Type.STARTED);
            HostileWorker.say(Frame.Type.STARTED);
        }));
        assertThat(log.messages()).anyMatch(message -> message.contains("has started twice"));
    }

    @Test
    void aWorkerCannotExitTwice() throws Exception {
        byte[] call = {0, 1, 'x', 0};
        assertKilledFor("it exits twice", attack(() -> {
            HostileWorker.say(Frame.Type.EXITING, 0, false, call);
            HostileWorker.say(Frame.Type.EXITING, 0, false, call);
        }));
    }

    @Test
    void framesThatSayAllByTheirTypeHaveNoBody() throws Exception {
        assertKilledFor("STARTED with 9 bytes", attack(() -> HostileWorker.say(Frame.Type.STARTED, new byte[9])));
        assertKilledFor("DROPPED with 9 bytes", attack(() -> HostileWorker.say(Frame.Type.DROPPED, new byte[9])));
    }

    @Test
    void aReplyIsNotMixedWithAnother() throws Exception {
        byte[] full = new byte[Frame.MAX_BODY];
        assertKilledFor("FAILURE for task", attack(() -> {
            HostileWorker.say(Frame.Type.RESULT, HostileWorker.taskId(), true, full);
            HostileWorker.say(Frame.Type.FAILURE);
        }));
    }

    @Test
    void aReplyDoesNotComeInTinyPieces() throws Exception {
        assertKilledFor(
                "a RESULT of 0 bytes to be continued",
                attack(() -> HostileWorker.say(Frame.Type.RESULT, HostileWorker.taskId(), true)));
    }

    @Test
    void aWorkerWithoutATaskHasNothingToSay() throws Exception {
        byte[] full = new byte[Frame.MAX_BODY];
        long before = complaintsAboutForeignTasks();
        PoolRun<Void> run = attack(() -> {
            HostileWorker.sayResult(null);
            HostileWorker.say(Frame.Type.RESULT, HostileWorker.taskId(), true, full);
        });
        assertThat(run.get()).isNull();

        Eventually.becomesTrue("it is killed for it", () -> complaintsAboutForeignTasks() > before);
        assertThat(PoolRun.run(pool, () -> Work.square(7))).isEqualTo(49);
    }

    private static long complaintsAboutForeignTasks() {
        return log.messages().stream()
                .filter(message -> message.contains("it speaks of task") && message.contains("does not have"))
                .count();
    }

    @Test
    void aWorkerCannotAnswerForAnother() throws Exception {
        String go = folder.resolve("go").toString();
        String there = folder.resolve("there").toString();
        try (ProcessPool two = HostileWorker.open(c -> c.withWorkers(2))) {
            PoolRun<Long> honest =
                    PoolRun.start(two, () -> Work.meet(there, go)).awaitStart(); // task 1
            Eventually.becomesTrue("it is there", () -> Files.exists(Path.of(there)));
            PoolRun.run(two, HostileWorker::takeOver);
            Attack attack = () -> {
                for (Frame frame : TaskCodec.encodeResult("forged", -1L).toFrames(Frame.Type.RESULT, 1)) {
                    HostileWorker.say(
                            frame.type(),
                            frame.taskId(),
                            frame.more(),
                            frame.body().array());
                }
            };

            assertThat(HostileWorker.start(two, attack).failure())
                    .isInstanceOf(WorkerCrashedException.class)
                    .hasMessageContaining("it speaks of task 1, which it does not have");
            assertThat(honest.hasEnded()).isFalse();
            Work.touch(go);
            assertThat(honest.get()).isPositive();
        }
    }

    @Test
    void anEndlessReplyFillsNoMemoryAndFailsItsTaskWhenItEnds() throws Exception {
        byte[] full = new byte[Frame.MAX_BODY];
        Throwable failure = attack(() -> {
                    for (int i = 0; i < 4096; i++) {
                        HostileWorker.say(Frame.Type.RESULT, HostileWorker.taskId(), true, full);
                    }
                    HostileWorker.say(Frame.Type.RESULT);
                })
                .failure();

        assertThat(failure)
                .isInstanceOf(ResultRejectedException.class)
                .hasMessageContaining("'attack' returned or threw has 1073741824 bytes")
                .hasMessageContaining("results of workers may take 4 MiB of this JVM at one time, and 0 MiB are taken")
                .hasMessageContaining("raise withMaxResultMiB(4)");
    }

    @Test
    void aResultThatIsTooLargeFailsItsTaskAndCostsNothingElse() throws Exception {
        long before = PoolRun.run(pool, Work::pid);

        assertThat(PoolRun.fail(pool, () -> new byte[4 * MIB]))
                .isInstanceOf(ResultRejectedException.class)
                .hasMessageContaining("CPU task 'task'");
        for (int i = 0; i < 5; i++) { // each takes nearly all of it, and gives it back
            assertThat(PoolRun.run(pool, () -> new byte[MIB * 7 / 4])).hasSize(MIB * 7 / 4);
        }
        assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(before);
    }

    @Test
    void aFailureThatIsTooLargeFailsItsTaskTooAndSaysSo() throws Exception {
        assertThat(PoolRun.fail(pool, () -> {
                    throw new IllegalStateException("x".repeat(5 * MIB));
                }))
                .isInstanceOf(ResultRejectedException.class)
                .hasMessageContaining("CPU task 'task' returned or threw");
    }
}
