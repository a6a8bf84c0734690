package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import java.io.IOException;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Large arrays of numbers, which travel beside the objects that have them. */
class PayloadArraysTest {

    private static final int LEAST = ArrayTable.LEAST_BYTES;
    private static final int MAX = Frame.MAX_BODY;
    private static final Task<String> ANY = () -> "any";

    private static ProcessPool pool;

    record Pair(Object one, Object other) implements Serializable {}

    /** Uses its buffer again for each part. */
    static final class Parts implements Serializable {

        private transient List<long[]> read;

        private void writeObject(ObjectOutputStream out) throws IOException {
            long[] buffer = new long[LEAST];
            for (int i = 0; i < 3; i++) {
                Arrays.fill(buffer, i);
                out.writeUnshared(buffer);
            }
        }

        private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
            read = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                read.add((long[]) in.readUnshared());
            }
        }
    }

    @BeforeAll
    static void open() {
        pool = ProcessPool.open(c -> c.withWorkers(1).withMaxHeapMiB(128));
    }

    @AfterAll
    static void close() {
        pool.close();
    }

    static Stream<Arguments> elementsAndSizes() {
        return Stream.of(RawArray.Element.values())
                .flatMap(element -> Stream.of(0, 8, LEAST - 8, LEAST, LEAST + 8, MAX - 16, MAX, MAX + 8, 5 * MAX + 24)
                        .flatMap(bytes -> Stream.of(
                                Arguments.of(element, RawArrays.length(element, bytes)),
                                Arguments.of(element, RawArrays.length(element, bytes) + 1))));
    }

    @ParameterizedTest
    @MethodSource("elementsAndSizes")
    void anArrayOfAnyElementsAndLengthIsTheSameAgain(RawArray.Element element, int length) throws Exception {
        Object array = RawArrays.random(element, length);
        boolean large = element.bytes(length) >= LEAST;

        Payload sent = TaskCodec.encodeResult("any", array);

        assertThat(sent.arrays()).hasSize(large ? 1 : 0);
        assertThat(decoded(sent)).isEqualTo(array);
    }

    @ParameterizedTest
    @MethodSource("elementsAndSizes")
    void theSizeOfAPayloadIsWhatTravels(RawArray.Element element, int length) throws Exception {
        Payload sent = TaskCodec.encodeResult("any", List.of("x", RawArrays.random(element, length)));
        long bytes = 0;
        int frames = 0;
        for (Frame frame : sent.toFrames(Frame.Type.RESULT, 9)) {
            bytes += frame.body().remaining();
            frames++;
            assertThat(frame.taskId()).isEqualTo(9);
            assertThat(frame.more()).isEqualTo(bytes < sent.size());
            assertThat(frame.body().remaining())
                    .satisfiesAnyOf(
                            size -> assertThat(size).isEqualTo(MAX),
                            size -> assertThat(frame.more()).isFalse());
        }

        assertThat(bytes).isEqualTo(sent.size());
        assertThat(frames).isEqualTo((int) ((bytes + MAX - 1) / MAX));
        assertThat(RawArrays.sent(sent).size()).isEqualTo(sent.size());
    }

    @ParameterizedTest
    @EnumSource
    void arraysThereAndBackThroughAWorker(RawArray.Element element) throws Exception {
        Object array = RawArrays.random(element, RawArrays.length(element, 3 * MAX + 40));
        Task<Object> echo = () -> array;

        assertThat(PoolRun.run(pool, echo)).isEqualTo(array);
        assertThat(PoolRun.startWithTime(pool, () -> Duration.ofMinutes(1), echo)
                        .get())
                .isEqualTo(array);
    }

    @Test
    void booleansStayInTheStream() throws Exception {
        boolean[] array = new boolean[2 * LEAST];
        array[LEAST] = true;

        Payload sent = TaskCodec.encodeResult("any", array);

        assertThat(sent.arrays()).isEmpty();
        assertThat(decoded(sent)).isEqualTo(array);
    }

    @Test
    void oneArrayInSeveralPlacesIsOneAgainAndTravelsOnce() throws Exception {
        double[] array = (double[]) RawArrays.random(RawArray.Element.DOUBLE, LEAST);
        List<Object> list = new ArrayList<>(List.of(array, array));

        Payload sent = TaskCodec.encodeResult("any", new Pair(list, new Pair(array, array.clone())));

        assertThat(sent.arrays()).hasSize(2);
        Pair pair = (Pair) decoded(sent);
        Pair inner = (Pair) pair.other();
        assertThat((List<?>) pair.one()).allSatisfy(one -> assertThat(one).isSameAs(inner.one()));
        assertThat(inner.one()).isEqualTo(array);
        assertThat(inner.other()).isEqualTo(array).isNotSameAs(inner.one());
    }

    @Test
    void arraysInEveryPlaceOfAGraphArriveThere() throws Exception {
        int[][] rows = new int[40][];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (int[]) RawArrays.random(RawArray.Element.INT, (i % 3) * LEAST / 4 + i);
        }
        Object graph = new Pair(
                new ArrayList<>(List.of("before", rows)),
                Map.of("key", new Pair(rows[2], RawArrays.random(RawArray.Element.CHAR, LEAST + 1))));

        Pair pair = (Pair) decoded(TaskCodec.encodeResult("any", graph));

        List<?> list = (List<?>) pair.one();
        assertThat(list.get(0)).isEqualTo("before");
        assertThat((int[][]) list.get(1)).isDeepEqualTo(rows);
        Pair inner = (Pair) ((Map<?, ?>) pair.other()).get("key");
        assertThat(inner.one()).isSameAs(((int[][]) list.get(1))[2]);
        assertThat(inner.other()).isEqualTo(RawArrays.random(RawArray.Element.CHAR, LEAST + 1));
    }

    @Test
    void aTaskHasWhatItsArrayWasWhenItWasForked() throws Exception {
        long[] array = new long[LEAST];
        Task<Long> sum = () -> Arrays.stream(array).sum();
        PoolRun<Long> prepared = PoolRun.prepare(pool, "sum", sum);

        Arrays.fill(array, 1);

        assertThat(prepared.start().get()).isZero();
    }

    @Test
    void aResultThatIsAnArrayIsNotCopiedAndOneInSomethingElseIs() {
        long[] array = new long[LEAST];

        assertThat(TaskCodec.encodeResult("any", array).arrays().get(0).array()).isSameAs(array);
        assertThat(TaskCodec.encodeResult("any", new Pair(array, 1))
                        .arrays()
                        .get(0)
                        .array())
                .isNotSameAs(array);
    }

    @Test
    void aBufferThatIsWrittenUnsharedSeveralTimesHasEachTimeWhatItHadThen() throws Exception {
        Parts parts = (Parts) decoded(TaskCodec.encodeResult("any", new Parts()));

        assertThat(parts.read).extracting(array -> array[LEAST - 1]).containsExactly(0L, 1L, 2L);
        assertThat(parts.read).extracting(array -> array[0]).containsExactly(0L, 1L, 2L);
    }

    @Test
    void whatATaskIsMadeOfHasNothingOfOurs() {
        byte[] array = new byte[LEAST];
        Task<Integer> task = () -> array.length;

        assertThat(TaskCodec.encodeTask("any", TaskContext.EMPTY, task).classes())
                .doesNotContain(ArrayStub.class);
    }

    @Test
    void aFilterOfTheJvmThatKnowsNothingOfUsLetsArraysPassAndOneThatBoundsThemHolds() throws Exception {
        try (PoolOwner owner = PoolOwner.start("array", "-Djdk.serialFilter=java.base/*;!*")) {
            assertThat(owner.readLine()).isEqualTo("100000");
            owner.exit();
        }
        try (PoolOwner owner = PoolOwner.start("array", "-Djdk.serialFilter=maxarray=99999")) {
            assertThat(owner.readLine()).isEqualTo("rejected");
            owner.exit();
        }
    }

    @Test
    void anArrayInTheContextOfATaskArrives() throws Exception {
        byte[] array = Bulk.random(2 * LEAST);
        TaskContext context = TaskContext.of(Map.of("k", "v"), Map.of("one", array));
        Task<Object> task = () -> array;
        ArrivedTask arrived = new ArrivedTask(
                RawArrays.sent(TaskCodec.encodeTask("any", context, task).payload()));

        Object value = arrived.readContext().values().get("one");

        assertThat(value).isEqualTo(array);
        assertThat(arrived.readTask().call()).isSameAs(value);
    }

    @Test
    void anArrayInTheInitOfAWorkerArrives() throws Exception {
        byte[] array = Bulk.random(3 * MAX);
        try (ProcessPool prepared = ProcessPool.open(c -> c.withWorkers(1)
                .withWorkerInit(() -> System.setProperty("test.hash", String.valueOf(Arrays.hashCode(array)))))) {
            assertThat(PoolRun.run(prepared, () -> System.getProperty("test.hash")))
                    .isEqualTo(String.valueOf(Arrays.hashCode(array)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {LEAST, 10 * MAX})
    void whatFramesSayFirstGoesFirst(int bytes) {
        Frame time = Frame.of(Frame.Type.TIME, 7, new byte[8]);
        Payload sent = TaskCodec.encodeResult("any", new byte[bytes]);

        List<Frame> frames = sent.toFrames(Frame.Type.TASK, 7, List.of(time));

        assertThat(frames.get(0)).isSameAs(time);
        assertThat(frames).hasSize(1 + sent.toFrames(Frame.Type.TASK, 7).size());
        assertThat(frames.get(frames.size() - 1).more()).isFalse();
    }

    @Test
    void aRepliesMemoryIsItsSizeUntilItIsRead() throws Exception {
        Payload sent = TaskCodec.encodeResult("any", List.of(new byte[10 * MAX], new double[MAX], "words"));
        ResultMemory memory = new ResultMemory(Long.MAX_VALUE);
        try (ReplyAssembly replies = new ReplyAssembly(memory)) {
            WorkerReply reply = null;
            for (Frame frame : sent.toFrames(Frame.Type.RESULT, 1)) {
                reply = replies.add(frame, null);
            }
            assertThat(reply.bytes()).isEqualTo(sent.size());
        }
        assertThat(memory.taken()).isEqualTo(sent.size());
    }

    private static Object decoded(Payload sent) throws Exception {
        Payload payload = RawArrays.sent(sent);
        Task<Object> task = () -> new Pair(ANY, new Parts());
        ResultFilter filter = new ResultFilter(
                TaskCodec.encodeTask("any", TaskContext.EMPTY, task),
                payload.size(),
                info -> ObjectInputFilter.Status.UNDECIDED);
        return new ResultReader(ResultMemory.unbounded())
                .read(payload, SerialScan.Form.RESULT, come -> TaskCodec.decodeResult(come, filter));
    }
}
