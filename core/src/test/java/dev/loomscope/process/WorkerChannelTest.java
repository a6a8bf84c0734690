package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a real worker does with what comes over its channel, from a pool that is broken or gone. */
class WorkerChannelTest {

    private static final int ORPHANED = 86;

    private static ByteBuffer header(int type, int flags, int length) {
        return ByteBuffer.allocate(Frame.HEADER_BYTES)
                .put((byte) type)
                .put((byte) flags)
                .putShort((short) 0)
                .putInt(length)
                .putLong(1)
                .flip();
    }

    static Stream<ByteBuffer> nonsense() {
        long seed = System.nanoTime();
        byte[] garbage = new byte[100];
        new Random(seed).nextBytes(garbage);
        garbage[0] = 99;
        return Stream.of(
                ByteBuffer.wrap(garbage),
                header(1, 0, Frame.MAX_BODY + 1),
                header(1, 0, -1),
                header(1, 2, 0),
                header(4, 0, 0), // the time of a task, with no time in it
                header(19, 0, 0)); // a result, which only workers have
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void aWorkerThatHearsNonsenseLeavesAtOnce(ByteBuffer bytes) throws Exception {
        try (RawWorker worker = RawWorker.start()) {
            worker.sendRaw(bytes);

            assertThat(worker.awaitExit()).isEqualTo(ORPHANED);
        }
    }

    @Test
    void aWorkerWhosePoolIsGoneInTheMiddleOfATaskLeavesAtOnce() throws Exception {
        try (RawWorker worker = RawWorker.start()) {
            worker.send(new Frame(Frame.Type.TASK, 1, true, ByteBuffer.allocate(Frame.MAX_BODY)));
            worker.sendRaw(header(1, 0, 1000));
            worker.hangUp();

            assertThat(worker.awaitExit()).isEqualTo(ORPHANED);
        }
    }

    @Test
    void aWorkerWhosePoolIsGoneInTheMiddleOfAResultLeavesAtOnce() throws Exception {
        try (RawWorker worker = RawWorker.start()) {
            send(worker, 1, () -> new byte[10 << 20]);
            assertThat(reply(worker, 1).more()).isTrue();
            worker.hangUp();

            assertThat(worker.awaitExit()).isEqualTo(ORPHANED);
        }
    }

    @Test
    void aCancelOfATaskThatNeverCameIsAnsweredOnceHoweverOftenItComes() throws Exception {
        try (RawWorker worker = RawWorker.start()) {
            worker.send(Frame.of(Frame.Type.CANCEL, 5));
            worker.send(Frame.of(Frame.Type.CANCEL, 5));
            send(worker, 6, () -> "after all");

            assertThat(worker.read()).isEqualTo(Frame.of(Frame.Type.DROPPED, 5));
            assertThat(result(worker, 6)).isEqualTo("after all");
        }
    }

    @Test
    void halfATaskThatIsCancelledIsDroppedAndTheNextOneIsWhole() throws Exception {
        try (RawWorker worker = RawWorker.start()) {
            worker.send(new Frame(Frame.Type.TASK, 7, true, ByteBuffer.allocate(1000)));
            worker.send(Frame.of(Frame.Type.CANCEL, 7));
            send(worker, 8, () -> "whole");

            assertThat(worker.read()).isEqualTo(Frame.of(Frame.Type.DROPPED, 7));
            assertThat(result(worker, 8)).isEqualTo("whole");
        }
    }

    @Test
    void aCancelThatComesAfterTheResultIsNotThatOfTheNextTask() throws Exception {
        try (RawWorker worker = RawWorker.start()) {
            for (int id = 1; id < 100; id += 2) {
                send(worker, id, () -> "first");
                assertThat(result(worker, id)).isEqualTo("first");
                worker.send(Frame.of(Frame.Type.CANCEL, id));
                send(worker, id + 1, () -> Thread.currentThread().isInterrupted());
                assertThat(result(worker, id + 1)).isEqualTo(false);
            }
        }
    }

    @Test
    void aTaskWhoseBytesMeanNothingIsAFailureAndTheWorkerGoesOn() throws Exception {
        try (RawWorker worker = RawWorker.start()) {
            worker.send(Frame.of(Frame.Type.TASK, 1, Bulk.random(5_000)));

            assertThat(reply(worker, 1).type()).isEqualTo(Frame.Type.FAILURE);
            send(worker, 2, () -> "goes on");
            assertThat(result(worker, 2)).isEqualTo("goes on");
        }
    }

    private static void send(RawWorker worker, long id, Task<?> task) throws Exception {
        for (Frame frame :
                TaskCodec.encodeTask("raw", TaskContext.EMPTY, task).payload().toFrames(Frame.Type.TASK, id)) {
            worker.send(frame);
        }
    }

    // What comes after the word that it has started, which only a task that takes its time is worth.
    private static Frame reply(RawWorker worker, long id) throws Exception {
        Frame first = worker.read();
        return first.equals(Frame.of(Frame.Type.STARTED, id)) ? worker.read() : first;
    }

    private static Object result(RawWorker worker, long id) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Frame frame = reply(worker, id);
        while (true) {
            assertThat(frame.type()).isEqualTo(Frame.Type.RESULT);
            assertThat(frame.taskId()).isEqualTo(id);
            bytes.write(frame.body().array(), 0, frame.body().remaining());
            if (!frame.more()) {
                break;
            }
            frame = worker.read();
        }
        if (SimpleValue.isIn(Payload.of(bytes.toByteArray()))) {
            return SimpleValue.decode(Payload.of(bytes.toByteArray()));
        }
        try (var in = new java.io.ObjectInputStream(new java.io.ByteArrayInputStream(bytes.toByteArray()))) {
            return in.readObject();
        }
    }
}
