package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.core.TaskKind;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Scoped values of the JDK in scopes of ours. By reflection, since they are final from JDK 25 on only. */
class ScopedValuesTest {

    private final Object key;
    private final Class<?> type;

    ScopedValuesTest() throws ReflectiveOperationException {
        type = Class.forName("java.lang.ScopedValue");
        key = type.getMethod("newInstance").invoke(null);
    }

    private Object value() {
        try {
            Method get = type.getMethod("get");
            return get.invoke(key);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Runs code with the value bound; what it throws comes out as it is. */
    private void bound(String value, Runnable code) {
        try {
            Object carrier = type.getMethod("where", type, Object.class).invoke(null, key, value);
            carrier.getClass().getMethod("run", Runnable.class).invoke(carrier, code);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException unchecked) {
                throw unchecked;
            }
            throw new AssertionError(e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static <T> T call(MixedScope.Body<T, Exception> body) {
        try {
            return MixedScope.call(body);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void reachChildrenAndGrandchildren(TaskKind kind) {
        AtomicReference<Object> child = new AtomicReference<>();
        AtomicReference<Object> grandchild = new AtomicReference<>();
        AtomicReference<Object> forkedByAChild = new AtomicReference<>();
        bound(
                "x",
                () -> call(scope -> scope.fork(kind, () -> {
                    child.set(value());
                    scope.fork(kind, () -> forkedByAChild.set(value()));
                    call(inner -> inner.fork(kind, () -> grandchild.set(value())));
                })));
        assertThat(child).hasValue("x");
        assertThat(forkedByAChild).hasValue("x");
        assertThat(grandchild).hasValue("x");
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void boundAnewReachOnlyWhatIsForkedInside(TaskKind kind) {
        AtomicReference<Object> inside = new AtomicReference<>();
        AtomicReference<Object> afterwards = new AtomicReference<>();
        bound(
                "x",
                () -> call(scope -> scope.fork(kind, () -> {
                    bound("y", () -> call(inner -> inner.fork(kind, () -> inside.set(value()))));
                    afterwards.set(value());
                })));
        assertThat(inside).hasValue("y");
        assertThat(afterwards).hasValue("x");
    }

    /** The owner's values are those of the opening: a subtask could not see others, so the JDK refuses, and so do we. */
    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aForkUnderABindingThatTheScopeDoesNotHaveIsRefused(TaskKind kind) {
        AtomicBoolean ran = new AtomicBoolean();
        AtomicReference<Throwable> refusal = new AtomicReference<>();
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            bound("x", () -> refusal.set(catchThrowable(() -> scope.fork(kind, () -> ran.set(true)))));
            assertThat(catchThrowable(scope::join)).isNull();
        }
        assertThat(refusal.get().getClass().getSimpleName()).isEqualTo("StructureViolationException");
        assertThat(ran).isFalse();
    }

    @Test
    void aCloseUnderABindingThatTheScopeDoesNotHaveStillContains() throws Exception {
        Patience.onItsOwnThread(() -> {
            AtomicReference<Throwable> told = new AtomicReference<>();
            AtomicReference<Subtask<Void>> running = new AtomicReference<>();
            MixedScope<Object, Void> scope = MixedScope.open();
            running.set(scope.fork(() -> Patience.forever()));
            bound("x", () -> told.set(catchThrowable(scope::close)));
            assertThat(running.get().state()).isEqualTo(Subtask.State.CANCELLED);
            assertThat(told.get().getClass().getSimpleName()).isEqualTo("StructureViolationException");
            return null;
        });
    }
}
