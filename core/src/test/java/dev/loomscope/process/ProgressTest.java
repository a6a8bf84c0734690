package dev.loomscope.process;

import static dev.loomscope.process.BackgroundIo.inBackground;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.CurrentTask;
import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How far a task says it is, on its way through the channel. */
class ProgressTest {

    private static final int MANY = 200_000;

    @TempDir
    Path folder;

    private static final EventTrail events = new EventTrail();
    private static ProcessPool pool;

    private final List<String> heard = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withName("progress")
                .withWorkers(1)
                .withCancelGrace(Duration.ofMillis(100))
                .withListener(events));
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    /** Hears progress; what it does then is up to a test. */
    private record Hearer(Runnable then, List<String> heard) implements CpuRequest.Observer {
        @Override
        public void onStarted(String runner) {
            heard.add("started");
        }

        @Override
        public void onProgress(double fraction, String message) {
            heard.add(fraction + " " + message);
            then.run();
        }
    }

    private <T> CpuExecution<T> prepare(Runnable then, Task<T> task) {
        return pool.prepare(new CpuRequest<>(task, "task", new Hearer(then, heard)));
    }

    private static CurrentTask current() {
        return Objects.requireNonNull(CurrentTask.current());
    }

    private static String reportMany(int number) {
        for (int i = 1; i <= number; i++) {
            current().report((double) i / number, "step " + i);
        }
        return "done";
    }

    @Test
    void whatATaskReportsIsHeardInItsOrderAndTheLastBeforeTheResult() throws Throwable {
        assertThat(prepare(() -> {}, () -> reportMany(1)).run()).isEqualTo("done");
        assertThat(heard).containsExactly("started", "1.0 step 1");
        heard.clear();

        assertThat(prepare(() -> {}, () -> reportMany(MANY)).run()).isEqualTo("done");

        assertThat(heard).startsWith("started").endsWith("1.0 step " + MANY).hasSizeBetween(2, MANY / 100);
        assertThat(heard.subList(1, heard.size()).stream().map(line -> Double.valueOf(line.split(" ")[0])))
                .isSorted();
    }

    @Test
    void ofReportsThatComeFasterThanTheyAreHeardTheLatestCounts() throws Exception {
        CountDownLatch busy = new CountDownLatch(1);
        CpuExecution<String> slow = prepare(() -> await(busy), () -> reportMany(MANY));
        CompletableFuture<Object> result = runElsewhere(slow);
        Eventually.becomesTrue("the first is heard", () -> heard.size() >= 2);

        PoolRun.run(pool, Work::pid); // the worker is free: nobody has waited for the one who hears
        assertThat(result).isNotDone();
        busy.countDown();

        assertThat(result).succeedsWithin(PoolRun.PATIENCE).isEqualTo("done");
        assertThat(heard).hasSize(3).endsWith("1.0 step " + MANY);
    }

    @Test
    void oneWhoHearsAndDoesNotReturnHoldsUpNoCancel() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        CpuExecution<Void> deaf = prepare(() -> await(never), () -> {
            while (true) {
                current().report(0.5, "on and on");
            }
        });
        CompletableFuture<Object> result = runElsewhere(deaf);
        Eventually.becomesTrue("it is heard", () -> heard.size() >= 2);

        deaf.cancel("enough");

        assertThat(events.await(ScopeEvent.WorkerKilled.class)).hasSize(1);
        assertThat(PoolRun.run(pool, Work::pid)).isPositive();
        never.countDown();
        assertThat(result).succeedsWithin(PoolRun.PATIENCE).asString().contains("CancellationException");
    }

    @Test
    void anObserverThatThrowsOnProgressDoesNotTakeTheResultAway() throws Throwable {
        try (LogTrail log = LogTrail.follow("dev.loomscope", ch.qos.logback.classic.Level.ERROR)) {
            assertThat(prepare(
                                    () -> {
                                        throw new AssertionError("of the observer");
                                    },
                                    () -> reportMany(10))
                            .run())
                    .isEqualTo("done");
            assertThat(log.messages()).isNotEmpty();
        }
    }

    private static boolean startReporter() {
        CurrentTask task = current();
        Thread reporter = Thread.ofPlatform().daemon().start(() -> {
            while (true) {
                task.report(0.1, "left behind");
            }
        });
        return reporter.isAlive();
    }

    @Test
    void aThreadThatATaskHasLeftBehindReportsForNobody() throws Throwable {
        prepare(() -> {}, ProgressTest::startReporter).run();

        for (int i = 0; i < 20; i++) { // the other has all the time it could want
            heard.clear();
            prepare(() -> {}, () -> {
                        current().report(0.2, "mine");
                        return "done";
                    })
                    .run();

            assertThat(heard).containsExactly("started", "0.2 mine");
        }
    }

    @Test
    void whatIsOutOfRangeOrUnknownOrLongIsBroughtIntoBounds() throws Throwable {
        for (double fraction : new double[] {-3, 7, Double.NaN, Double.NEGATIVE_INFINITY}) {
            prepare(() -> {}, () -> {
                        current().report(fraction, "\u00fc".repeat(100_000));
                        return 0;
                    })
                    .run();
        }
        heard.removeIf("started"::equals);
        assertThat(heard.stream().map(line -> line.split(" ")[0])).containsExactly("0.0", "1.0", "NaN", "0.0");
        assertThat(heard).allMatch(line -> line.length() < 5_000 && line.endsWith("\u00fc..."));
    }

    @Test
    void aReportWaitsForNobodyAlsoWhenTheParentDoesNotRead() throws Exception {
        try (ChannelPair channels = ChannelPair.open(folder)) {
            FrameChannel out = channels.left();
            FrameChannel in = channels.right();
            WorkerOutbox outbox = new WorkerOutbox(out, () -> {});
            Thread.ofPlatform().daemon().start(() -> outbox.report(() -> {}));
            Frame large = Frame.of(Frame.Type.RESULT, 1, new byte[Frame.MAX_BODY]);
            CompletableFuture<Void> full = inBackground(
                    () -> { // with more than a socket holds
                        for (int i = 0; i < 4; i++) {
                            out.write(large);
                        }
                    });
            WorkerOutbox.Run run = outbox.begin(2, true);
            for (int i = 1; i <= MANY; i++) {
                run.report(new ProgressReport(1, "step " + i));
            }
            CompletableFuture<Void> replied = inBackground(() -> run.reply(List.of(Frame.of(Frame.Type.RESULT, 2))));

            List<String> heard = new ArrayList<>();
            for (int ended = 0; ended < 5; ) {
                Frame frame = in.read();
                boolean progress = frame.type() == Frame.Type.PROGRESS;
                ended += progress ? 0 : 1;
                if (frame.taskId() == 2) {
                    heard.add(progress ? ProgressReport.read(frame).message() : "reply");
                }
            }
            assertThat(heard).endsWith("step " + MANY, "reply");
            full.join();
            replied.join();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 100_000})
    void aFrameOfAnotherLengthIsNoProgress(int length) {
        assertThatThrownBy(() -> ProgressReport.read(Frame.of(Frame.Type.PROGRESS, 1, new byte[length])))
                .isInstanceOf(ProtocolException.class);
    }

    @Test
    void aFractionBeyondAllIsNoProgress() {
        byte[] body = ByteBuffer.allocate(8).putDouble(1.5).array();
        assertThatThrownBy(() -> ProgressReport.read(Frame.of(Frame.Type.PROGRESS, 1, body)))
                .isInstanceOf(ProtocolException.class);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static <T> CompletableFuture<Object> runElsewhere(CpuExecution<T> execution) {
        CompletableFuture<Object> result = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            try {
                result.complete(execution.run());
            } catch (Throwable e) {
                result.complete(e.toString());
            }
        });
        return result;
    }
}
