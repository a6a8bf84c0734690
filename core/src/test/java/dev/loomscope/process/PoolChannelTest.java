package dev.loomscope.process;

import static dev.loomscope.process.BackgroundIo.inBackground;
import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.event.ScopeEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Much on the channel, and ends and interrupts in the middle of it. */
class PoolChannelTest {

    private static final int HUNDRED_MB = 100_000_000;

    @TempDir
    static Path folder;

    private final EventTrail events = new EventTrail();

    private ProcessPool open(int heapMiB) {
        return ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(heapMiB).withListener(events));
    }

    @Test
    void bothSidesCanWriteAHundredMegabytesAtTheSameTime() throws Exception {
        try (ChannelPair channels = ChannelPair.open(folder)) {
            CompletableFuture<Void> there = inBackground(() -> write(channels.left()));
            CompletableFuture<Void> back = inBackground(() -> write(channels.right()));
            CompletableFuture<Void> readThere = inBackground(() -> read(channels.right()));

            read(channels.left());

            CompletableFuture.allOf(there, back, readThere).join();
        }
    }

    private static void write(FrameChannel channel) throws IOException {
        byte[] body = new byte[Frame.MAX_BODY];
        for (int number = 0; number < HUNDRED_MB / body.length; number++) {
            Arrays.fill(body, (byte) number);
            channel.write(Frame.of(Frame.Type.TASK, number, body));
        }
    }

    private static void read(FrameChannel channel) throws IOException {
        byte[] expected = new byte[Frame.MAX_BODY];
        for (int number = 0; number < HUNDRED_MB / expected.length; number++) {
            Frame frame = channel.read();
            Arrays.fill(expected, (byte) number);
            if (frame.taskId() != number || !Arrays.equals(frame.body().array(), expected)) {
                throw new AssertionError("frame " + number + " came as " + frame);
            }
        }
    }

    @Test
    void aHundredMegabytesGoThereAndComeBack() throws Exception {
        byte[] load = Bulk.random(HUNDRED_MB);
        try (ProcessPool pool = open(512)) {
            Task<byte[]> echo = () -> load;

            assertThat(Arrays.equals(PoolRun.run(pool, echo), load)).isTrue();
        }
    }

    @Test
    void aWorkerThatDiesWhileItsTaskIsOnItsWayIsReplacedAndTheTaskRunsInTheNext() throws Exception {
        byte[] load = Bulk.random(20_000_000);
        try (ProcessPool pool = open(128)) {
            long frozen = PoolRun.run(pool, Work::pid);
            Pids.signal("STOP", frozen); // so that it cannot read it all
            PoolRun<Integer> run = PoolRun.start(pool, () -> Arrays.hashCode(load));
            Eventually.becomesTrue("it is on its way", () -> pool.toString().contains("0 idle, 0 tasks waiting"));

            Pids.signal("KILL", frozen);

            assertThat(run.get()).isEqualTo(Arrays.hashCode(load));
            assertThat(events.await(ScopeEvent.WorkerCrashed.class)).hasSize(1);
        }
    }

    @Test
    void ofAResultInWhoseMiddleItsWorkerDiesNothingIsSeen() throws Exception {
        try (ProcessPool pool = HostileWorker.open(c -> c.withListener(events))) {
            PoolRun.run(pool, HostileWorker::takeOver);
            Task<byte[]> half = () -> {
                HostileWorker.say(Frame.Type.RESULT, HostileWorker.taskId(), true, new byte[Frame.MAX_BODY]);
                Runtime.getRuntime().halt(9);
                return null;
            };

            assertThat(PoolRun.fail(pool, half)).isInstanceOfSatisfying(WorkerCrashedException.class, crash -> {
                assertThat(crash.exitCode()).hasValue(9);
                assertThat(crash.started()).isTrue();
            });
            assertThat(PoolRun.run(pool, () -> Work.square(3))).isEqualTo(9);
        }
    }

    @Test
    void aWorkerThatIsKilledAtAnyPointOfItsResultGivesAllOfItOrACrash() throws Exception {
        Random random = new Random();
        byte[] expected = Bulk.random(8_000_000);
        String marker = folder.resolve("returns").toString();
        try (ProcessPool pool = open(128)) {
            for (int i = 0; i < 6; i++) {
                String returns = marker + i;
                long pid = PoolRun.run(pool, Work::pid);
                PoolRun<byte[]> run = PoolRun.start(pool, () -> {
                    byte[] result = Bulk.random(8_000_000);
                    Work.touch(returns);
                    return result;
                });
                Eventually.becomesTrue("it returns", () -> Files.exists(Path.of(returns)));
                LockSupport.parkNanos(random.nextInt(30_000_000));

                ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);

                try {
                    assertThat(Arrays.equals(run.get(), expected)).isTrue();
                } catch (WorkerCrashedException e) {
                    assertThat(e.pid()).isEqualTo(pid);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theThreadThatForksAndWaitsCanBeInterruptedAtAnyByte(boolean virtual) throws Exception {
        byte[] load = Bulk.random(20_000_000);
        Task<byte[]> echo = () -> load;
        AtomicReference<Object> seen = new AtomicReference<>();
        try (ProcessPool pool = open(256)) {
            long pid = PoolRun.run(pool, Work::pid);
            Thread.Builder builder = virtual ? Thread.ofVirtual() : Thread.ofPlatform();
            Thread caller = builder.start(() -> {
                try {
                    CpuExecution<byte[]> execution = pool.prepare(new CpuRequest<>(echo, "echo", r -> {}));
                    byte[] result = execution.run();
                    seen.set(Arrays.equals(result, load) ? "all of it" : "something else");
                } catch (Throwable e) {
                    seen.set(e);
                }
            });
            while (caller.isAlive()) {
                caller.interrupt();
                Thread.onSpinWait();
            }

            assertThat(seen.get()).isEqualTo("all of it");
            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        }
    }
}
