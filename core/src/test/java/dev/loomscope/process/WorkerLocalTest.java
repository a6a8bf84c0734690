package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.loomscope.core.Task;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Values that live as long as their worker. */
class WorkerLocalTest {

    private static final AtomicInteger made = new AtomicInteger();
    private static final WorkerLocal<String> NUMBERED =
            WorkerLocal.named("test.numbered", () -> Work.pid() + " " + made.incrementAndGet());

    @TempDir
    Path folder;

    private static ProcessPool open(int workers) {
        return ProcessPool.open(c -> c.withName("locals").withWorkers(workers));
    }

    @Test
    void isMadeOncePerWorkerAndReadByAllItsTasks() throws Exception {
        String first = folder.resolve("first").toString();
        String second = folder.resolve("second").toString();
        try (ProcessPool pool = open(2)) {
            PoolRun<String> one = PoolRun.start(pool, () -> Work.meet(first, second) + "=" + NUMBERED.get());
            PoolRun<String> other = PoolRun.start(pool, () -> Work.meet(second, first) + "=" + NUMBERED.get());
            assertThat(one.get()).matches("(\\d+)=\\1 1");
            assertThat(other.get()).matches("(\\d+)=\\1 1").isNotEqualTo(one.get());

            for (int i = 0; i < 4; i++) {
                assertThat(PoolRun.run(pool, () -> NUMBERED.get())).endsWith(" 1");
            }
        }
    }

    @Test
    void oneThatATaskHasCapturedIsTheOneOfItsName() throws Exception {
        WorkerLocal<String> captured = WorkerLocal.named("test.captured", () -> "by " + Work.pid());
        WorkerLocal<String> namesake = WorkerLocal.named("test.captured", () -> "by nobody");
        try (ProcessPool pool = open(1)) {
            String value = PoolRun.run(pool, () -> captured.get());

            assertThat(value).isEqualTo("by " + PoolRun.run(pool, Work::pid));
            assertThat(PoolRun.run(pool, () -> namesake.get())).isEqualTo(value);
        }
    }

    @Test
    void inAProcessThatIsNoWorkerThereIsOneToo() {
        assertThat(NUMBERED.get()).isEqualTo(NUMBERED.get()).startsWith(Work.pid() + " ");
    }

    /** Says in a file that it was closed, and then does what it is to do. */
    private record Closing(String file, String word, Task<?> then) implements AutoCloseable {
        @Override
        public void close() throws Exception {
            Files.writeString(Path.of(file), word + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            then.call();
        }
    }

    private static WorkerLocal<Closing> closing(String file, String word, Task<?> then) {
        return WorkerLocal.named("test." + word, () -> new Closing(file, word, then));
    }

    @Test
    void areClosedWhenTheirWorkerIsRetiredTheLastMadeFirstAndOneThatThrowsKeepsNobody() throws Exception {
        Path file = folder.resolve("closed");
        String path = file.toString();
        try (LogTrail log = LogTrail.follow("dev.loomscope", Level.INFO);
                ProcessPool pool = ProcessPool.open(
                        c -> c.withName("locals").withWorkers(1).withIdleTimeout(Duration.ofMillis(50)))) {
            WorkerLocal<Closing> first = closing(path, "first", () -> 0);
            WorkerLocal<Closing> second = closing(path, "second", () -> {
                throw new IOException("it was a bad day");
            });
            WorkerLocal<Closing> third = closing(path, "third", () -> 0);
            PoolRun.run(
                    pool,
                    () -> List.of(
                            first.get().word(), second.get().word(), third.get().word()));

            Eventually.becomesTrue(
                    "all are closed",
                    () -> Files.exists(file) && Files.readAllLines(file).size() == 3);
            assertThat(file).hasContent("third\nsecond\nfirst\n");
            Eventually.becomesTrue(
                    "what it threw is in the log",
                    () -> log.messages(Level.WARN).stream().anyMatch(message -> message.contains("it was a bad day")));
        }
    }

    @Test
    void oneWhoseCloseDoesNotEndDelaysTheEndOfItsWorkerByTwoSeconds() throws Exception {
        Path file = folder.resolve("closed");
        String path = file.toString();
        long pid;
        try (ProcessPool pool = open(1)) {
            WorkerLocal<Closing> stubborn = closing(path, "stubborn", () -> Work.spin());
            pid = PoolRun.run(pool, () -> {
                stubborn.get();
                return Work.pid();
            });
        }
        assertThat(file).hasContent("stubborn\n");
        assertThat(Pids.isAlive(pid)).isFalse();
    }

    @Test
    void thoseOfAWorkerThatIsKilledAreNotClosed() throws Exception {
        Path file = folder.resolve("closed");
        String path = file.toString();
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withCancelGrace(Duration.ZERO))) {
            WorkerLocal<Closing> local = closing(path, "never", () -> 0);
            PoolRun<Long> deaf = PoolRun.start(pool, () -> {
                local.get();
                Work.touch(path + ".made");
                return Work.spin();
            });
            Eventually.becomesTrue("it is made", () -> Files.exists(Path.of(path + ".made")));
            deaf.cancel("enough").failure();
        }
        assertThat(file).doesNotExist();
    }

    private static String failThenWork(String file) throws IOException {
        if (Files.notExists(Path.of(file))) {
            Work.touch(file);
            throw new FileNotFoundException("not yet");
        }
        return "made";
    }

    @Test
    void aMakerThatThrowsLeavesNothingBehindAndTheNextToAskTriesAgain() throws Exception {
        String file = folder.resolve("tried").toString();
        WorkerLocal<String> local = WorkerLocal.named("test.second-try", () -> failThenWork(file));
        try (ProcessPool pool = open(1)) {
            assertThat(PoolRun.fail(pool, () -> local.get()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "worker-local 'test.second-try' could not be made: java.io.FileNotFoundException: not yet")
                    .hasCauseInstanceOf(FileNotFoundException.class);
            assertThat(PoolRun.run(pool, () -> local.get())).isEqualTo("made");
        }
    }

    private static final WorkerLocal<String> CIRCLE = WorkerLocal.named("test.circle", () -> around());

    private static String around() {
        return CIRCLE.get();
    }

    @Test
    void aMakerThatNeedsItsOwnValueOrHasNoneIsToldSo() {
        WorkerLocal<String> nothing = WorkerLocal.named("test.nothing", () -> null);

        assertThatThrownBy(CIRCLE::get)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("worker-local 'test.circle' needs itself to be made");
        assertThatThrownBy(nothing::get)
                .isInstanceOf(NullPointerException.class)
                .hasMessage("the maker of worker-local 'test.nothing' returned null");
        assertThatThrownBy(() -> WorkerLocal.named(" ", () -> 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void manyThreadsThatAskAtOnceGetOneValue() throws Exception {
        AtomicInteger makings = new AtomicInteger();
        WorkerLocal<Integer> local = WorkerLocal.named("test.many", makings::incrementAndGet);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            threads.add(Thread.startVirtualThread(local::get));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(makings).hasValue(1);
    }
}
