package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import com.sun.management.ThreadMXBean;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.IOException;
import java.io.InvalidObjectException;
import java.io.ObjectInputFilter;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Arrays of which a worker that was taken over claims what is not so. */
class HostileArraysTest {

    private static final int MIB = 1 << 20;
    private static final int MAX = Frame.MAX_BODY;
    private static final int MAGIC = ByteBuffer.wrap(table(1, 'B', MAX)).getInt();

    private final ResultMemory memory = new ResultMemory(64 * MIB);
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static byte[] table(int arrays, int code, int length) {
        ByteBuffer honest = ArrayTable.encode(List.of(RawArray.of(new byte[ArrayTable.LEAST_BYTES])));
        return honest.putInt(4, arrays).putInt(8, code).putInt(12, length).array();
    }

    private static ByteBuffer first(byte[] table, int size) {
        return ByteBuffer.allocate(size).put(table).rewind();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 2, ArrayTable.MOST_ARRAYS, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aTableThatIsNotThereIsABreach(int arrays) {
        assertThatThrownBy(() -> new ArrivingPayload(memory).add(ByteBuffer.wrap(table(arrays, 'B', MAX))))
                .isInstanceOf(ProtocolException.class)
                .hasMessage("a table of %d arrays in 16 bytes".formatted(arrays));
    }

    @ParameterizedTest
    @CsvSource({
        "66, -1",
        "66, 0",
        "66, 65535",
        "68, 8191",
        "90, 100000",
        "76, 100000",
        "0, 100000",
        "65602, 100000",
        "68, -2147483648"
    })
    void arraysThatNobodySendsBesideTheStreamAreABreach(int code, int length) throws ProtocolException {
        try (ArrivingPayload arriving = new ArrivingPayload(memory)) {
            assertThatThrownBy(() -> arriving.add(first(table(1, code, length), 100)))
                    .isInstanceOf(ProtocolException.class)
                    .hasMessage("an array of %d elements of type %d".formatted(length, code));
        }
        assertThat(memory.taken()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 1_000, MAX})
    void aClaimTakesNoMoreThanAFewTimesWhatHasCome(int sent) throws ProtocolException {
        ArrivingPayload arriving = new ArrivingPayload(memory);
        ByteBuffer body = first(table(1, 'D', 4 * MIB), sent);
        long before = threads.getCurrentThreadAllocatedBytes();

        assertThat(arriving.add(body)).isTrue();

        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(2L * MAX);
        assertThat(memory.taken()).isEqualTo(sent);
        assertThatThrownBy(arriving::toPayload)
                .isInstanceOf(ProtocolException.class)
                .hasMessage("a payload that ends before its arrays do");
        arriving.close();
        assertThat(memory.taken()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {8 * MIB, Integer.MAX_VALUE})
    void anArrayThatDoesNotFitIsNotMadeWhateverOfItComes(int length) throws ProtocolException {
        ArrivingPayload arriving = new ArrivingPayload(memory);
        long before = threads.getCurrentThreadAllocatedBytes();

        ByteBuffer body = first(table(1, 'D', length), MAX);
        int frames = 0;
        while (arriving.add(body)) {
            body.clear();
            frames++;
        }
        arriving.close();

        assertThat(frames).isBetween(1, 256);
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(65L * MIB);
        assertThat(memory.taken()).isZero();
    }

    @Test
    void aReplyThatIsCutOffInAnArrayIsABreachAndGivesItsMemoryBack() throws ProtocolException {
        try (ReplyAssembly replies = new ReplyAssembly(memory)) {
            Frame begin = new Frame(Frame.Type.RESULT, 1, true, first(table(1, 'I', MIB), MAX));
            Frame end = new Frame(Frame.Type.RESULT, 1, false, ByteBuffer.allocate(MAX));
            assertThat(replies.add(begin, null)).isNull();
            assertThat(replies.add(new Frame(Frame.Type.RESULT, 1, true, ByteBuffer.allocate(MAX)), null))
                    .isNull();
            assertThat(memory.taken()).isPositive();
            assertThatThrownBy(() -> replies.add(end, null)).isInstanceOf(ProtocolException.class);
        }
        assertThat(memory.taken()).isZero();
    }

    @Test
    void aStubIsForOneOfTheArraysAndForEachOnce() throws Exception {
        RawArray array = RawArray.of(new long[MAX]);

        assertThat(decoded(new ArrayStub(0, array), array)).isSameAs(array.array());
        for (Object claim : List.of(
                new ArrayStub(1, array),
                new ArrayStub(-1, array),
                new ArrayStub(Integer.MIN_VALUE, array),
                new Object[] {new ArrayStub(0, array), new ArrayStub(0, array)})) {
            assertThatThrownBy(() -> decoded(claim, array))
                    .isInstanceOf(InvalidObjectException.class)
                    .hasMessageContaining("of the 1 beside the stream");
        }
        assertThatThrownBy(() -> decoded(new ArrayStub(0, array))).isInstanceOf(InvalidObjectException.class);
    }

    private Object decoded(Object result, RawArray... arrays) throws Exception {
        Payload payload = Payload.of(Payloads.of(result));
        List.of(arrays).forEach(payload::add);
        return read(payload);
    }

    private Object read(Payload payload) throws Exception {
        Task<String> task = () -> "any";
        ResultFilter filter = new ResultFilter(
                TaskCodec.encodeTask("any", TaskContext.EMPTY, task),
                payload.size(),
                info -> ObjectInputFilter.Status.UNDECIDED);
        return new ResultReader(memory)
                .read(payload, SerialScan.Form.RESULT, come -> TaskCodec.decodeResult(come, filter));
    }

    @Test
    void mutatedArraysCauseNothingButIoExceptions() throws Exception {
        Payload sent = TaskCodec.encodeResult("any", List.of(new byte[70_000], "a", new double[9_000]));
        ByteBuffer body = sent.toFrames(Frame.Type.RESULT, 1).get(0).body();
        byte[] original = new byte[body.remaining()];
        body.get(original);
        long seed = Long.getLong("fuzz.seed", System.nanoTime());
        Random random = new Random(seed);
        for (int i = 0; i < Integer.getInteger("fuzz.frames", 5_000); i++) {
            byte[] bytes = original.clone();
            int end = original.length - random.nextInt(2) * random.nextInt(original.length);
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                int at = random.nextInt(2) == 0 ? random.nextInt(28) : original.length - 4 - random.nextInt(400);
                ByteBuffer.wrap(bytes).putInt(at, random.nextInt() >> random.nextInt(32));
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            try (ReplyAssembly replies = new ReplyAssembly(memory)) {
                Frame frame = new Frame(Frame.Type.RESULT, 1, false, ByteBuffer.wrap(bytes, 0, end));
                if (replies.add(frame, null) instanceof WorkerReply.Result result) {
                    try {
                        read(result.payload());
                    } finally {
                        memory.release(result.bytes());
                    }
                }
            } catch (IOException | ClassNotFoundException | RuntimeException e) {
                // what it may throw
            } catch (Error e) {
                if (!(e instanceof LinkageError || e instanceof InternalError)) {
                    throw new AssertionError("number %d of seed %d".formatted(i, seed), e);
                }
            }
            assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                    .as("number %d of seed %d", i, seed)
                    .isLessThan(16 * MIB);
            assertThat(memory.taken()).as("number %d of seed %d", i, seed).isZero();
        }
    }

    @Test
    void aRealWorkerThatSendsHalfAnArrayIsKilledForItAndTheNextOneIsThere() throws Exception {
        try (LogTrail log = LogTrail.follow(Worker.class.getName(), Level.WARN);
                ProcessPool pool = HostileWorker.open(c -> c.withMaxResultMiB(16))) {
            PoolRun.run(pool, HostileWorker::takeOver);
            byte[] half = table(1, 'D', MIB);
            Task<Void> attack = () -> {
                HostileWorker.say(Frame.Type.RESULT, half);
                return null;
            };

            assertThat(HostileWorker.start(pool, attack).failure())
                    .isInstanceOf(WorkerCrashedException.class)
                    .hasMessageContaining("a payload that ends before its arrays do");
            assertThat(log.messages()).isNotEmpty();
            assertThat(PoolRun.run(pool, () -> Work.square(7))).isEqualTo(49);
        }
    }

    @Test
    void aRealWorkerThatSendsMoreThanItMayFailsItsTaskOnly() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1).withMaxResultMiB(16))) {
            long pid = PoolRun.run(pool, Work::pid);
            Task<double[]> task = () -> new double[3 * MIB];

            assertThat(PoolRun.fail(pool, task))
                    .isInstanceOf(ResultRejectedException.class)
                    .hasMessageContaining("withMaxResultMiB");
            assertThat(PoolRun.run(pool, () -> new double[MIB])).hasSize(MIB);
            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        }
    }

    @Test
    void noTableBeginsAsAStreamDoes() {
        assertThat(MAGIC >>> 16).isNotEqualTo(java.io.ObjectStreamConstants.STREAM_MAGIC & 0xffff);
    }
}
