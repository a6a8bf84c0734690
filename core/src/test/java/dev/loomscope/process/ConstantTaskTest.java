package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import dev.loomscope.core.TaskNotSerializableException;
import dev.loomscope.process.TaskCodec.EncodedTask;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** Tasks that are serialized once, and read once in a worker, although they run many times. */
class ConstantTaskTest {

    private static final List<String> NAMES = List.of("first", "second", "", "with \u00fc and \ud83d\ude00");

    private static int calls; // of a worker
    private static int reads; // of a worker

    /** Is read as often as it comes. */
    private static final class Counted implements Task<Integer> {

        private Object readResolve() {
            reads++;
            return this;
        }

        @Override
        public Integer call() {
            return reads;
        }
    }

    /** Is a lambda when it has been read, which it may choose anew each time. */
    private static final class Chooser implements Task<Integer> {

        private Object readResolve() {
            reads++;
            return (Task<Integer>) () -> -1;
        }

        @Override
        public Integer call() {
            throw new AssertionError("it is another one by then");
        }
    }

    private static int reads() {
        return reads;
    }

    private static int count() {
        return ++calls;
    }

    private static CpuRequest<?> request(String name, Task<?> task) {
        return request(name, task, TaskContext.EMPTY);
    }

    private static CpuRequest<?> request(String name, Task<?> task, TaskContext context) {
        return new CpuRequest<>(task, name, runner -> {}, context, () -> null);
    }

    private static EncodedTask encode(CpuRequest<?> request) {
        return TaskCodec.encodeTask(request, PayloadLimit.ofProtocol());
    }

    private static String name(EncodedTask encoded) throws Exception {
        return new ArrivedTask(encoded.payload()).name();
    }

    private static Object result(EncodedTask encoded) throws Exception {
        ArrivedTask arrived = new ArrivedTask(encoded.payload());
        arrived.readContext();
        return arrived.readTask().call();
    }

    @Test
    void aLambdaThatCapturesNothingIsSerializedOnceAndHasTheNameOfEachFork() throws Exception {
        List<EncodedTask> encoded = new ArrayList<>();
        for (String name : NAMES) {
            encoded.add(encode(request(name, () -> 7)));
        }

        for (int i = 0; i < NAMES.size(); i++) {
            assertThat(encoded.get(i).classes()).isSameAs(encoded.getFirst().classes());
            assertThat(name(encoded.get(i))).isEqualTo(NAMES.get(i));
            assertThat(result(encoded.get(i))).isEqualTo(7);
        }
    }

    @Test
    void whatWasCapturedIsSerializedEachTime() throws Exception {
        for (int i = 0; i < 3; i++) {
            int captured = i;

            assertThat(result(encode(request("same", () -> captured)))).isEqualTo(i);
        }
    }

    @Test
    void theContextOfEachForkTravels() throws Exception {
        for (Map<String, String> log :
                List.of(Map.<String, String>of(), Map.of("user", "a"), Map.of("user", "b"), Map.<String, String>of())) {
            EncodedTask encoded = encode(request("same", () -> 7, TaskContext.of(log, Map.of())));

            assertThat(new ArrivedTask(encoded.payload()).readContext().log()).isEqualTo(log);
        }
    }

    @Test
    void aLimitHoldsAlsoForWhatIsKnown() {
        for (PayloadLimit limit : List.of(PayloadLimit.ofProtocol(), new PayloadLimit(10, "too much."))) {
            CpuRequest<?> request = request("known", () -> 7);
            if (limit.bytes() > 10) {
                TaskCodec.encodeTask(request, limit);
            } else {
                assertThatThrownBy(() -> TaskCodec.encodeTask(request, limit))
                        .isInstanceOf(TaskNotSerializableException.class)
                        .hasMessageContaining("too much.");
            }
        }
    }

    @Test
    void aNameMayBeLongerThanAFrame() throws Exception {
        String name = "n".repeat(Frame.MAX_BODY);
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            for (String next : List.of("short", name, name)) {
                assertThat(PoolRun.start(pool, next, () -> 7).get()).isEqualTo(7);
            }
        }
    }

    @Test
    void anObjectThatChoosesALambdaWhenItIsReadChoosesEachTime() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            for (int i = 1; i <= 3; i++) {
                assertThat(PoolRun.run(pool, new Chooser())).isEqualTo(-1);
                assertThat(PoolRun.run(pool, ConstantTaskTest::reads)).isEqualTo(i);
            }
        }
    }

    private static ArrivedTask arrived(CpuRequest<?> request) throws Exception {
        Payload arrived = new Payload();
        List<Frame> frames = encode(request).payload().toFrames(Frame.Type.TASK, 1);
        assertThat(frames).hasSize(1);
        arrived.add(frames.getFirst().body());
        return new ArrivedTask(arrived);
    }

    @Test
    void aWorkerReadsSuchATaskOnce() throws Exception {
        ArrivedConstants constants = new ArrivedConstants();
        Callable<?> first = null;
        for (String name : NAMES) {
            ArrivedTask arrived = arrived(request(name, () -> 7));
            Callable<?> known = constants.find(arrived);
            if (first == null) {
                assertThat(known).isNull();
                first = read(arrived, constants);
            } else {
                assertThat(known).isSameAs(first);
            }
        }
    }

    @Test
    void aWorkerReadsAllOthersEachTime() throws Exception {
        int captured = 7;
        TaskContext context = TaskContext.of(Map.of("user", "a"), Map.of());
        for (CpuRequest<?> request : List.of(
                request("captures", () -> captured),
                request("has context", () -> 7, context),
                request("chooses", new Chooser()))) {
            ArrivedConstants constants = new ArrivedConstants();
            read(arrived(request), constants);

            assertThat(constants.find(arrived(request))).as(request.name()).isNull();
        }
    }

    private static Callable<?> read(ArrivedTask arrived, ArrivedConstants constants) throws Exception {
        TaskContext context = arrived.readContext();
        Callable<?> task = arrived.readTask();
        constants.add(arrived, context, task);
        return task;
    }

    @Test
    void aTaskThatItsWorkerKnowsRunsEachTime() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            for (int i = 1; i <= 5; i++) {
                assertThat(PoolRun.run(pool, ConstantTaskTest::count)).isEqualTo(i);
                assertThat(PoolRun.run(pool, () -> "another")).isEqualTo("another");
                assertThat(PoolRun.run(pool, new Counted())).isEqualTo(i);
            }
        }
    }
}
