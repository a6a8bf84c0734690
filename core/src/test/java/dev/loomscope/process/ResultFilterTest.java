package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.io.InvalidClassException;
import java.io.ObjectInputFilter;
import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZonedDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.Comparator;
import java.util.Currency;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ResultFilterTest {

    private static final ObjectInputFilter NOTHING_BY_NAME = info -> ObjectInputFilter.Status.UNDECIDED;

    record Point(int x, int y) implements Serializable {}

    enum Colour {
        RED {
            @Override
            int code() {
                return 1;
            }
        };

        abstract int code();
    }

    record Quiet() implements InvocationHandler, Serializable {
        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) {
            return 0;
        }
    }

    static Stream<Object> values() throws Exception {
        Map<Colour, String> colours = new EnumMap<>(Map.of(Colour.RED, "red"));
        return Stream.of(
                true,
                Arrays.asList(1, "mixed"), // an array of an interface inside
                new Comparable<?>[] {1, "mixed"},
                Thread.State.BLOCKED,
                new java.sql.Timestamp(1),
                (byte) 1,
                'c',
                (short) 2,
                3,
                4L,
                5f,
                6d,
                "text",
                "x".repeat(100_000),
                new int[1000],
                List.of(new long[2][7], new String[] {"a", null}, new Object[5000]),
                BigDecimal.TEN,
                UUID.randomUUID(),
                Locale.GERMANY,
                Currency.getInstance("EUR"),
                new BitSet(9),
                URI.create("http://localhost/"),
                new InetSocketAddress("127.0.0.1", 80),
                new java.io.File("a"),
                Instant.now(),
                LocalDate.EPOCH,
                Duration.ofDays(3),
                ZonedDateTime.now(),
                DayOfWeek.FRIDAY,
                TimeUnit.DAYS,
                List.of(),
                List.of(1, 2, 3),
                Set.of("a"),
                Map.of("k", 1),
                Arrays.asList(1, 2),
                Collections.emptyMap(),
                Collections.unmodifiableList(new ArrayList<>(List.of(1))),
                Collections.nCopies(100, "x"),
                new HashMap<>(Map.of(1, 2)),
                new LinkedHashMap<>(Map.of(1, 2)),
                new HashMap<>(1 << 16),
                new TreeMap<>(Map.of(1, 2)),
                new TreeMap<>(Comparator.reverseOrder()),
                new ConcurrentHashMap<>(Map.of(1, 2)),
                EnumSet.of(DayOfWeek.MONDAY),
                EnumSet.noneOf(Colour.class),
                colours,
                Colour.RED,
                new Point(1, 2),
                List.of(new Point(5, 6), new Point[] {new Point(3, 4)}),
                new IllegalStateException("a value like any other"));
    }

    @ParameterizedTest
    @MethodSource("values")
    void valuesOfTheJdkAndOfTheTasksOwnCodePass(Object value) throws Exception {
        Object read = passedThrough(value, NOTHING_BY_NAME);

        if (value instanceof Throwable) {
            assertThat(read).hasSameClassAs(value).hasToString(value.toString());
        } else {
            assertThat(read).usingRecursiveComparison().isEqualTo(value);
            assertThat(read).hasSameClassAs(value);
        }
    }

    @Test
    void collectionsWithOrdersOfTheJdkPass() throws Exception {
        TreeMap<String, Integer> map = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        map.put("a", 1);

        assertThat(passedThrough(map, NOTHING_BY_NAME)).isEqualTo(map);
        assertThat(passedThrough(new TreeMap<>(Comparator.naturalOrder()), NOTHING_BY_NAME))
                .isEqualTo(Map.of());
    }

    @Test
    void valuesWithoutAnEqualsPass() throws Exception {
        assertThat(passedThrough(new PriorityQueue<>(List.of(3)), NOTHING_BY_NAME))
                .hasToString("[3]");
        assertThat(passedThrough(new ArrayDeque<>(List.of(3, 1)), NOTHING_BY_NAME))
                .hasToString("[3, 1]");
        assertThat(passedThrough(new AtomicLong(7), NOTHING_BY_NAME)).hasToString("7");
    }

    @Test
    void aTypeFromTheJarOfAnotherLibraryIsRejectedByName() {
        assertRejected(Level.WARN, "ch.qos.logback.classic.Level");
        assertRejected(new Level[1], "ch.qos.logback.classic.Level");
        assertRejected(List.of(Map.of("deep", Level.WARN)), "ch.qos.logback.classic.Level");
    }

    @Test
    void aTypeThatTheTaskIsDeclaredToReturnPasses() throws Exception {
        Task<Level> task = () -> Level.WARN;

        assertThat(passedThrough(task, Level.WARN, NOTHING_BY_NAME)).isEqualTo(Level.WARN);
    }

    @Test
    void aTypeFromTheJarOfAnArgumentPasses() throws Exception {
        Object level = Level.INFO;
        Task<Object> task = () -> level;

        assertThat(passedThrough(task, Level.WARN, NOTHING_BY_NAME)).isEqualTo(Level.WARN);
    }

    @Test
    void aTypeThatIsAllowedByNamePasses() throws Exception {
        ObjectInputFilter byName = ObjectInputFilter.Config.createFilter("ch.qos.logback.classic.*");

        assertThat(passedThrough(Level.WARN, byName)).isEqualTo(Level.WARN);
    }

    @Test
    void whatReadsAsCodeIsRejected() {
        Comparator<String> lambda = (Comparator<String> & Serializable) (a, b) -> a.length() - b.length();
        Object proxy =
                Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Comparable.class}, new Quiet());

        assertRejected(lambda, "java.lang.invoke.SerializedLambda");
        assertThatThrownBy(() -> passedThrough(proxy, NOTHING_BY_NAME)).isInstanceOf(InvalidClassException.class);
    }

    /** In a task a method closure of Groovy travels so; a worker could name any method with it. */
    @Test
    void methodClosureStubIsRejectedInResults() {
        assertRejected(new MethodClosureStub[0], "dev.loomscope.process.MethodClosureStub");
    }

    @Test
    void anArrayThatItsBytesCannotFillIsRejectedBeforeItIsMade() throws Exception {
        byte[] bytes = bytes(new long[] {42});
        // the length is what stands before the only element
        ByteBuffer.wrap(bytes).putInt(bytes.length - Long.BYTES - Integer.BYTES, Integer.MAX_VALUE);
        ResultFilter filter = new ResultFilter(encode(() -> null), bytes.length, NOTHING_BY_NAME);

        assertThatThrownBy(() -> TaskCodec.decodeResult(Payload.of(bytes), filter))
                .isInstanceOf(InvalidClassException.class);
        assertThat(filter.rejected()).contains("an array of 2147483647 elements");
    }

    @Test
    void theMessageSaysWhatWasRejectedAndWhatToDo() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            Task<Object> task = () -> List.of(Level.WARN);
            assertThat(PoolRun.start(pool, "foreign", task).failure())
                    .isInstanceOf(ResultRejectedException.class)
                    .hasMessageContaining("CPU task 'foreign'")
                    .hasMessageContaining("withAllowedResults(\"ch.qos.logback.classic.Level\")");
            assertThat(PoolRun.run(pool, () -> "next")).isEqualTo("next");
        }
        try (ProcessPool pool =
                ProcessPool.open(c -> c.withWorkers(1).withAllowedResults("ch.qos.logback.classic.Level"))) {
            Task<Object> task = () -> List.of(Level.WARN);
            assertThat(PoolRun.run(pool, task)).isEqualTo(List.of(Level.WARN));
        }
    }

    private static void assertRejected(Object value, String name) {
        EncodedTask task = encode(() -> null);
        assertThatThrownBy(() -> {
                    byte[] bytes = bytes(value);
                    ResultFilter filter = new ResultFilter(task, bytes.length, NOTHING_BY_NAME);
                    try {
                        TaskCodec.decodeResult(Payload.of(bytes), filter);
                    } finally {
                        assertThat(filter.rejected()).isEqualTo(name);
                    }
                })
                .isInstanceOf(InvalidClassException.class);
    }

    private static Object passedThrough(Object value, ObjectInputFilter byName) throws Exception {
        return passedThrough(() -> null, value, byName);
    }

    private static Object passedThrough(Task<?> task, Object value, ObjectInputFilter byName) throws Exception {
        byte[] bytes = bytes(value);
        return TaskCodec.decodeResult(Payload.of(bytes), new ResultFilter(encode(task), bytes.length, byName));
    }

    private static EncodedTask encode(Task<?> task) {
        return TaskCodec.encodeTask("test", TaskContext.EMPTY, task);
    }

    private static byte[] bytes(Object value) throws Exception {
        return TaskCodec.encodeResult("test", value).toInputStream().readAllBytes();
    }
}
