package dev.loomscope;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.loomscope.core.AmbiguousTaskKindException;
import dev.loomscope.core.Blocking;
import dev.loomscope.core.Cpu;
import dev.loomscope.core.Io;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskAction;
import dev.loomscope.core.TaskConsumer;
import dev.loomscope.core.TaskFunction;
import dev.loomscope.core.TaskKind;
import dev.loomscope.core.TaskNotSerializableException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The forms of fork, where they run, and what each refuses. */
class ForkTest {

    static String where() {
        return ProcessHandle.current().pid() + (Thread.currentThread().isVirtual() ? " virtual" : " platform");
    }

    @Io
    static String waits(int n) {
        return n + " on " + where();
    }

    @Blocking
    static String blocks(int n) {
        return n + " on " + where();
    }

    @Cpu
    static String computes(int n) {
        return n + " on " + where();
    }

    @Test
    void anIoTaskRunsOnAVirtualThreadOfThisProcess() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork(IO, ForkTest::where);
            scope.join();
            assertThat(subtask.get()).isEqualTo(ProcessHandle.current().pid() + " virtual");
        }
    }

    @Test
    void aBlockingTaskRunsOnAPlatformThreadOfThisProcess() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork(BLOCKING, ForkTest::where);
            scope.join();
            assertThat(subtask.get()).isEqualTo(ProcessHandle.current().pid() + " platform");
        }
    }

    @Test
    void aCpuTaskRunsInAnotherProcess() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Long> subtask =
                    scope.fork(CPU, () -> ProcessHandle.current().pid());
            scope.join();
            assertThat(subtask.get()).isNotEqualTo(ProcessHandle.current().pid());
        }
    }

    @Test
    void theImplementerDecidesWhereAMethodReferenceRuns() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> io = scope.fork(ForkTest::waits, 1);
            Subtask<String> blocking = scope.fork(ForkTest::blocks, 2);
            Subtask<String> cpu = scope.fork(ForkTest::computes, 3);
            scope.join();
            assertThat(List.of(io.kind(), blocking.kind(), cpu.kind())).containsExactly(IO, BLOCKING, CPU);
            String here = " on " + ProcessHandle.current().pid();
            assertThat(io.get()).isEqualTo("1" + here + " virtual");
            assertThat(blocking.get()).isEqualTo("2" + here + " platform");
            assertThat(cpu.get()).startsWith("3 on ").doesNotContain(here);
        }
    }

    @Test
    void anExplicitKindOverrulesTheImplementer() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork(BLOCKING, ForkTest::computes, 1);
            scope.join();
            assertThat(subtask.kind()).isEqualTo(BLOCKING);
            assertThat(subtask.get()).endsWith(ProcessHandle.current().pid() + " platform");
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void everyFormWithAKindRunsTheCodeAndKeepsTheName(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Callable<String> callable = new NamedCallable("callable");
            List<Subtask<?>> named = List.of(
                    scope.fork("a", kind, () -> "task"),
                    scope.fork("b", kind, callable),
                    scope.fork("c", kind, () -> nothing()),
                    scope.fork("d", kind, (Integer n) -> n + 1, 1),
                    scope.fork("e", kind, (Integer n) -> nothing(), 1));
            List<Subtask<?>> unnamed = List.of(
                    scope.fork(kind, () -> "task"),
                    scope.fork(kind, callable),
                    scope.fork(kind, () -> nothing()),
                    scope.fork(kind, (Integer n) -> n + 1, 1),
                    scope.fork(kind, (Integer n) -> nothing(), 1));
            scope.join();
            assertThat(named).extracting(Subtask::name).containsExactly("a", "b", "c", "d", "e");
            assertThat(named).extracting(Subtask::kind).containsOnly(kind);
            assertThat(unnamed).extracting(Subtask::kind).containsOnly(kind);
            assertThat(unnamed)
                    .extracting(subtask -> (Object) subtask.get())
                    .containsExactly("task", "callable", null, 2, null);
            assertThat(unnamed)
                    .extracting(Subtask::name)
                    .doesNotHaveDuplicates()
                    .doesNotContainNull();
        }
    }

    @Test
    void everyFormWithoutAKindRunsTheCode() throws Exception {
        try (var scope = MixedScope.open()) {
            Callable<String> callable = () -> "callable";
            List<Subtask<?>> subtasks = List.of(
                    scope.fork(() -> "task"),
                    scope.fork(callable),
                    scope.fork(() -> nothing()),
                    scope.fork((Integer n) -> n + 1, 1),
                    scope.fork((Integer n) -> nothing(), 1),
                    scope.fork("a", () -> "task"),
                    scope.fork("b", callable),
                    scope.fork("c", () -> nothing()),
                    scope.fork("d", (Integer n) -> n + 1, 1),
                    scope.fork("e", (Integer n) -> nothing(), 1));
            scope.join();
            assertThat(subtasks)
                    .extracting(subtask -> (Object) subtask.get())
                    .containsExactly("task", "callable", null, 2, null, "task", "callable", null, 2, null);
            assertThat(subtasks.subList(5, 10)).extracting(Subtask::name).containsExactly("a", "b", "c", "d", "e");
        }
    }

    static void nothing() {}

    private record NamedCallable(String result) implements Callable<String>, Serializable {
        @Override
        public String call() {
            return result;
        }
    }

    @Test
    void theArgumentAndTheResultMayBeNull() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork((String text) -> text, null);
            scope.join();
            assertThat(subtask.get()).isNull();
            assertThat(subtask.state()).isEqualTo(Subtask.State.SUCCESS);
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void afterACancelNothingStarts(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            scope.cancel("enough");
            Subtask<String> subtask = scope.fork(kind, () -> "ran");
            assertThat(subtask.state()).isEqualTo(Subtask.State.CANCELLED);
            scope.join();
            assertThat(subtask.state()).isEqualTo(Subtask.State.CANCELLED);
            assertThat(subtask.startedAt()).isEmpty();
            assertThat(subtask.cancelReason().orElseThrow().text()).isEqualTo("enough");
        }
    }

    @Test
    void afterCloseForkIsRefused() {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.close();
        assertThatThrownBy(() -> scope.fork(() -> "late"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(scope.name())
                .hasMessageContaining("closed");
    }

    @Test
    void aTaskOfTwoKindsIsRefusedAndNothingIsForked() throws Exception {
        try (var scope = MixedScope.open()) {
            assertThatThrownBy(() -> scope.fork(() -> waits(1) + computes(2)))
                    .isInstanceOf(AmbiguousTaskKindException.class)
                    .hasMessageContaining("waits")
                    .hasMessageContaining("computes");
            scope.join();
        }
    }

    @Test
    void aCpuTaskThatCannotBeSentIsRefusedInsideForkAndNothingIsForked() throws Exception {
        Object culprit = new Object();
        List<Subtask<?>> seen = new ArrayList<>();
        try (var scope = MixedScope.open(Joiner.allUntil(seen::add))) {
            assertThatThrownBy(() -> scope.fork(CPU, () -> culprit.hashCode()))
                    .isInstanceOf(TaskNotSerializableException.class)
                    .hasMessageContaining("java.lang.Object");
            assertThat(scope.join()).isEmpty();
        }
    }

    @Test
    void nullCodeNullNamesAndNullKindsAreRefused() throws Exception {
        try (var scope = MixedScope.open()) {
            assertNull(() -> scope.fork((Task<String>) null));
            assertNull(() -> scope.fork((Callable<String>) null));
            assertNull(() -> scope.fork((TaskAction) null));
            assertNull(() -> scope.fork((TaskFunction<Integer, String>) null, 1));
            assertNull(() -> scope.fork((TaskConsumer<Integer>) null, 1));
            assertNull(() -> scope.fork(IO, (Task<String>) null));
            assertNull(() -> scope.fork("name", (Task<String>) null));
            assertNull(() -> scope.fork("name", IO, (TaskAction) null));
            assertNull(() -> scope.fork("name", IO, (TaskConsumer<Integer>) null, 1));
            assertNull(() -> scope.fork((TaskKind) null, () -> "task"));
            assertNull(() -> scope.fork((String) null, () -> "task"));
            assertNull(() -> scope.fork((String) null, IO, () -> "task"));
            assertNull(() -> scope.fork("name", (TaskKind) null, () -> "task"));
            scope.join();
        }
    }

    private static void assertNull(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(NullPointerException.class);
    }
}
