package dev.loomscope.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.core.Task;
import dev.loomscope.core.TaskContext;
import dev.loomscope.core.TaskNotSerializableException;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.lang.invoke.SerializedLambda;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TaskCodecTest {

    /** Cannot be sent. */
    static final class Session {
        @Override
        public String toString() {
            return "session";
        }
    }

    record Order(String id, Object session) implements Serializable {}

    static final class Picky implements Serializable {
        private final String name;

        Picky(String name) {
            this.name = name;
        }

        private void writeObject(ObjectOutputStream out) throws IOException {
            out.defaultWriteObject();
            throw new IllegalStateException("cannot write " + name);
        }
    }

    static final class Unreadable implements Serializable {
        private void readObject(ObjectInputStream in) {
            throw new IllegalStateException("cannot read");
        }
    }

    static final class Grumpy implements Serializable {
        @Override
        public String toString() {
            throw new IllegalStateException("no words");
        }
    }

    record Link(Link next) implements Serializable {}

    private final Session session = new Session();

    @Test
    void aTaskIsTheSameOnTheOtherSide() throws Exception {
        Task<Integer> task = () -> 6 * 7;

        ArrivedTask arrived = arrived("answer", task);

        assertThat(arrived.name()).isEqualTo("answer");
        assertThat(arrived.readContext()).isSameAs(TaskContext.EMPTY);
        assertThat(arrived.readTask().call()).isEqualTo(42);
    }

    @Test
    void whatALambdaCapturedIsNamed() {
        Session local = session;

        TaskNotSerializableException refused = refusal(() -> local.toString());

        assertThat(refused.path()).isEqualTo("lambda in " + NAME + " -> captured " + NAME + "$Session");
        assertThat(refused)
                .message()
                .contains("CPU task 'test' cannot be sent to another process")
                .contains(NAME + "$Session is not Serializable", "reached by " + refused.path(), "local variables");
    }

    @Test
    void aCapturedThisIsCalledSo() {
        assertThat(refusal(() -> session.toString()))
                .extracting(TaskNotSerializableException::path)
                .isEqualTo("lambda in " + NAME + " -> captured 'this' of " + NAME);
    }

    @Test
    void thePathLeadsThroughFieldsListsMapsAndArrays() {
        Map<String, Object> map = new HashMap<>(Map.of("k", new Object[] {1, List.of("a", new Order("o", session))}));

        assertThat(refusal(() -> map.size()).path()).endsWith(" -> value of key k -> [1] -> [1] -> session");
    }

    @Test
    void thePathLeadsThroughTheArgumentOfAFunction() {
        assertThat(refusal(Task.of(Order::id, new Order("o", session))).path()).endsWith("argument -> session");
    }

    @Test
    void thePathLeadsThroughKeys() {
        Map<Object, Object> map = new HashMap<>();
        map.put(new ArrayList<>(List.of(session)), "value");

        assertThat(refusal(() -> map.size()).path()).endsWith(" -> key [session] -> [0]");
    }

    @Test
    void aKeyThatHasNoWordsDoesNotSpoilTheMessage() {
        Map<Object, Object> map = new HashMap<>(Map.of(new Grumpy(), session));

        assertThat(refusal(() -> map.size())).hasMessageContaining(NAME + "$Session is not Serializable");
    }

    @Test
    void aCallableThatIsNotSerializableIsRefused() {
        java.util.concurrent.Callable<Integer> plain = () -> 1;

        assertThatThrownBy(() -> TaskCodec.encodeTask("plain", TaskContext.EMPTY, plain))
                .isInstanceOf(TaskNotSerializableException.class)
                .hasMessageContaining("CPU task 'plain'")
                .hasMessageContaining("lambda in " + NAME);
    }

    @Test
    void aWriteObjectThatThrowsIsBlamedAndItsReasonTold() {
        Order order = new Order("o", new Picky("petra"));

        TaskNotSerializableException refused = refusal(() -> order.id());

        assertThat(refused)
                .hasMessageContaining(NAME + "$Picky could not be written")
                .hasMessageContaining("cannot write petra");
        assertThat(refused.path()).endsWith(NAME + "$Order -> session");
        assertThat(refused).hasCauseInstanceOf(IllegalStateException.class);
    }

    @Test
    void aTaskThatIsNestedTooDeeplyIsRefused() {
        Link chain = null;
        for (int i = 0; i < 200_000; i++) {
            chain = new Link(chain);
        }
        Link first = chain;

        assertThat(refusal(() -> first.next() == null ? 0 : 1)).hasMessageContaining("nested too deeply");
    }

    @Test
    void aCycleIsNoProblem() throws Exception {
        List<Object> cycle = new ArrayList<>();
        cycle.add(cycle);
        Task<Integer> task = () -> cycle.size();

        ArrivedTask arrived = arrived("cycle", task);
        arrived.readContext();
        assertThat(arrived.readTask().call()).isEqualTo(1);
    }

    @Test
    void theLambdaOfATaskIsItsOwnAndNotThatOfAContextValue() {
        TaskContext context = TaskContext.of(Map.of(), Map.of("filter", (Task<String>) () -> "of the value"));
        Task<Integer> task = () -> 1;

        assertThat(TaskCodec.encodeTask("own", context, task).lambda())
                .extracting(SerializedLambda::getInstantiatedMethodType)
                .isEqualTo("()Ljava/lang/Integer;");
    }

    @Test
    void aContextValueThatCannotBeSentIsNamedWithThePathInIt() {
        TaskContext context = TaskContext.of(Map.of(), Map.of("order", new Order("o", List.of(session))));
        Task<Integer> task = () -> 1;

        TaskNotSerializableException refused = catchThrowableOfType(
                TaskNotSerializableException.class, () -> TaskCodec.encodeTask("test", context, task));

        assertThat(refused)
                .hasMessage("context value 'order' of CPU task 'test' cannot be sent to another process: " + NAME
                        + "$Session is not Serializable, reached by Order -> session -> [0]. Bind a value that is"
                        + " Serializable, or make its field transient, or fork the task where it is not bound.");
        assertThat(refused.path()).isEqualTo("Order -> session -> [0]");
    }

    @Test
    void aTaskThatCannotBeSentIsNamedAlsoWhenItHasAContext() {
        TaskContext context = TaskContext.of(Map.of("k", "v"), Map.of("order", new Order("o", "s")));
        Task<String> task = () -> session.toString();

        assertThatThrownBy(() -> TaskCodec.encodeTask("test", context, task))
                .hasMessageStartingWith("CPU task 'test' cannot be sent")
                .hasMessageContaining("captured 'this' of " + NAME);
    }

    @Test
    void whatCannotBeSentOrReadIsTheFailureOfThatTaskOnly() throws Exception {
        try (ProcessPool pool = ProcessPool.open(c -> c.withWorkers(1))) {
            Unreadable argument = new Unreadable();
            long pid = PoolRun.run(pool, Work::pid);

            assertThat(PoolRun.fail(pool, () -> argument.hashCode()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("cannot read");
            assertThat(PoolRun.fail(pool, () -> new Order("o", new Session())))
                    .isInstanceOf(TaskNotSerializableException.class)
                    .hasMessageContaining("the result of CPU task 'task'")
                    .hasMessageContaining("Order -> session");
            assertThat(PoolRun.fail(pool, () -> new Unreadable()))
                    .isInstanceOf(ResultRejectedException.class)
                    .hasMessageContaining("cannot read");
            assertThat(PoolRun.run(pool, Work::pid)).isEqualTo(pid);
        }
    }

    private static final String NAME = TaskCodecTest.class.getName();

    private static TaskNotSerializableException refusal(Task<?> task) {
        return catchThrowableOfType(
                TaskNotSerializableException.class, () -> TaskCodec.encodeTask("test", TaskContext.EMPTY, task));
    }

    private static ArrivedTask arrived(String name, Task<?> task) throws Exception {
        return new ArrivedTask(
                TaskCodec.encodeTask(name, TaskContext.EMPTY, task).payload());
    }
}
