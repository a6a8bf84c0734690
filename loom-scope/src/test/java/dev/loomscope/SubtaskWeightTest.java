package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;

import dev.loomscope.core.TaskKind;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a subtask takes while it waits: of a million that do, each takes as much. */
class SubtaskWeightTest {

    private static final int HEADER = 12; // with compressed class pointers
    private static final Map<Class<?>, Integer> PRIMITIVES = Map.of(
            boolean.class,
            1,
            byte.class,
            1,
            short.class,
            2,
            char.class,
            2,
            int.class,
            4,
            long.class,
            8,
            double.class,
            8);

    @Test
    void takesAtMost80Bytes() {
        int fields = Stream.<Class<?>>of(ScopedSubtask.class, SubtaskLife.class)
                .flatMap(type -> Arrays.stream(type.getDeclaredFields()))
                .filter(field -> !Modifier.isStatic(field.getModifiers()))
                .mapToInt(SubtaskWeightTest::bytesOf)
                .sum();
        assertThat(HEADER + fields).isLessThanOrEqualTo(80);
    }

    private static int bytesOf(Field field) {
        int ofReference = 4; // compressed, below 32 GiB of heap
        return field.getType().isPrimitive() ? PRIMITIVES.get(field.getType()) : ofReference;
    }

    @ParameterizedTest
    @EnumSource(
            value = TaskKind.class,
            names = {"IO", "BLOCKING"})
    void putsOneFrameOnTheStackOfItsTask(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<List<String>> subtask = scope.fork(kind, SubtaskWeightTest::framesBelow);
            scope.join();
            assertThat(subtask.get())
                    .containsOnlyOnce("dev.loomscope.ScopedSubtask.run")
                    .noneMatch(frame -> frame.contains("StructuredTaskScope"))
                    .filteredOn(frame -> frame.startsWith("dev.loomscope."))
                    .hasSize(1);
        }
    }

    // Without the test's.
    private static List<String> framesBelow() {
        return StackWalker.getInstance()
                .walk(frames -> frames.map(frame -> frame.getClassName() + "." + frame.getMethodName())
                        .filter(frame -> !frame.startsWith(SubtaskWeightTest.class.getName()))
                        .toList());
    }
}
