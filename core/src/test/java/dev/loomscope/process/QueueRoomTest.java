package dev.loomscope.process;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pool with one worker, which is busy, and room for three tasks of a megabyte. */
class QueueRoomTest {

    private static final byte[] MEGABYTE = new byte[1_000_000];
    private static final long BOUND = 3_500_000;

    @TempDir
    Path folder;

    private ProcessPool pool;
    private PoolRun<Long> busy;

    @BeforeEach
    void open() {
        pool = ProcessPool.open(c ->
                c.withName("narrow").withWorkers(1).withMaxQueuedBytes(BOUND).withCancelGrace(Duration.ZERO));
        String go = go();
        busy = PoolRun.start(pool, () -> Work.awaitFile(go)).awaitStart();
    }

    @AfterEach
    void close() {
        pool.close();

        assertThat(pool.stats().queuedBytes()).isZero();
    }

    private String go() {
        return folder.resolve("go").toString();
    }

    private void letItGo() throws Exception {
        Work.touch(go());
        busy.get();
    }

    private PoolRun<Integer> prepareMegabyte() {
        byte[] captured = MEGABYTE;
        return PoolRun.prepare(pool, "big", () -> captured.length);
    }

    private CpuExecution<Integer> prepareMegabyteWhenRoom() throws InterruptedException {
        byte[] captured = MEGABYTE;
        Task<Integer> task = () -> captured.length;
        return pool.prepareWhenRoom(new CpuRequest<>(task, "patient", runner -> {}));
    }

    @Test
    void aTaskBeyondTheBoundIsRefusedInPrepareAndCostsTheOthersNothing() throws Exception {
        PoolRun<Integer> first = prepareMegabyte().start();
        PoolRun<Integer> second = prepareMegabyte().start();
        PoolRun<Integer> third = prepareMegabyte();

        assertThatThrownBy(this::prepareMegabyte)
                .isInstanceOf(RejectedExecutionException.class)
                .hasMessageMatching(
                        "CPU task 'big' \\(10\\d{5} bytes\\) is not taken by pool 'narrow': tasks of 30\\d{5} bytes wait for a worker already, and no more than 3500000 may\\. .*withMaxQueuedBytes\\(3500000\\)\\.");
        assertThat(pool.stats().queuedBytes()).isBetween(3_000_000L, BOUND);
        assertThat(pool.stats().maxQueuedBytes()).isEqualTo(BOUND);

        letItGo();
        assertThat(first.get() + second.get() + third.start().get()).isEqualTo(3 * MEGABYTE.length);
        assertThat(pool.stats().queuedBytes()).isZero();
        assertThat(prepareMegabyte().start().get()).isEqualTo(MEGABYTE.length);
    }

    @Test
    void aTaskOfAnySizeHasRoomWhileNoOtherWaits() throws Exception {
        byte[] huge = new byte[20_000_000];
        PoolRun<Integer> alone = PoolRun.start(pool, () -> huge.length);

        assertThatThrownBy(() -> PoolRun.prepare(pool, "small", Work::pid))
                .isInstanceOf(RejectedExecutionException.class);

        letItGo();
        assertThat(alone.get()).isEqualTo(huge.length);
    }

    @Test
    void aTaskThatIsCancelledBeforeItHasAWorkerGivesItsRoomBack() {
        PoolRun<Integer> queued = prepareMegabyte().start();
        PoolRun<Integer> prepared = prepareMegabyte();

        prepared.cancel("never mind");
        prepared.cancel("once more");
        queued.cancel("never mind");
        queued.failure();

        assertThat(pool.stats().queuedBytes()).isZero();
    }

    @Test
    void whoIsPatientWaitsForRoom() throws Exception {
        PoolRun<Integer> first = prepareMegabyte().start();
        PoolRun<Integer> second = prepareMegabyte().start();
        PoolRun<Integer> third = prepareMegabyte().start();
        CompletableFuture<CpuExecution<Integer>> taken = new CompletableFuture<>();
        Thread patient = Thread.ofVirtual().start(() -> completeWhenRoom(taken));
        Eventually.becomesTrue("it waits", () -> patient.getState() == Thread.State.WAITING);

        assertThat(taken).isNotDone();
        letItGo();

        CpuExecution<Integer> execution = taken.get(30, SECONDS);
        CompletableFuture<Object> result = new CompletableFuture<>();
        Thread.startVirtualThread(() -> {
            try {
                result.complete(execution.run());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        assertThat(result.get(30, SECONDS)).isEqualTo(MEGABYTE.length);
        assertThat(first.get() + second.get() + third.get()).isEqualTo(3 * MEGABYTE.length);
    }

    private void completeWhenRoom(CompletableFuture<CpuExecution<Integer>> taken) {
        try {
            taken.complete(prepareMegabyteWhenRoom());
        } catch (InterruptedException | RuntimeException e) {
            taken.completeExceptionally(e);
        }
    }

    @Test
    void anInterruptEndsTheWaitForRoomAndTakesNone() throws Exception {
        List<PoolRun<Integer>> prepared = List.of(prepareMegabyte(), prepareMegabyte(), prepareMegabyte());
        long before = pool.stats().queuedBytes();
        CompletableFuture<CpuExecution<Integer>> taken = new CompletableFuture<>();
        Thread patient = Thread.ofVirtual().start(() -> completeWhenRoom(taken));

        patient.interrupt();

        assertThat(patient.join(PoolRun.PATIENCE)).isTrue();
        assertThatThrownBy(taken::get).hasCauseInstanceOf(InterruptedException.class);
        assertThat(pool.stats().queuedBytes()).isEqualTo(before);
        prepared.forEach(run -> run.cancel("never mind"));
    }

    @Test
    void aCloseEndsTheWaitForRoomAndTheTaskHearsOfIt() throws Exception {
        prepareMegabyte().start();
        prepareMegabyte().start();
        prepareMegabyte().start();
        CompletableFuture<CpuExecution<Integer>> taken = new CompletableFuture<>();
        Thread patient = Thread.ofVirtual().start(() -> completeWhenRoom(taken));
        Eventually.becomesTrue("it waits", () -> patient.getState() == Thread.State.WAITING);

        pool.close();

        assertThatThrownBy(() -> taken.get(30, SECONDS).run())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("process pool 'narrow' is closed: it runs no further tasks");
    }

    @Test
    void aSmallTaskThatWaitsNeedsLittleMoreMemoryThanItHasBytes() {
        Payload.Sink sink = new Payload.Sink();
        sink.write(new byte[700], 0, 700); // more than the first piece

        Payload payload = sink.toPayload();

        assertThat(payload.toFrames(Frame.Type.TASK, 1))
                .singleElement()
                .satisfies(frame -> assertThat(frame.body().capacity()).isEqualTo(700));
    }
}
