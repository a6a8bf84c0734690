package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.core.TaskKind;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may fork: the owner, and whatever runs below the scope, at any time; nobody else. */
class ForkTreeTest {

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aSubtaskForksIntoItsOwnScopeWhileTheOwnerIsInTheBody(TaskKind kind) throws Exception {
        AtomicReference<Subtask<String>> grandchild = new AtomicReference<>();
        CountDownLatch ran = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            scope.fork(
                    kind,
                    () -> grandchild.set(scope.fork(kind, () -> {
                        ran.countDown();
                        return "forked by a child";
                    })));
            Patience.await(ran); // the owner does nothing to help
            scope.join();
            assertThat(grandchild.get().get()).isEqualTo("forked by a child");
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void aSubtaskForksIntoItsOwnScopeWhileTheOwnerIsInJoin(TaskKind kind) throws Exception {
        Thread owner = Thread.currentThread();
        AtomicReference<Subtask<Integer>> grandchild = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            scope.fork(() -> {
                untilWaiting(owner);
                grandchild.set(scope.fork(kind, () -> 6 * 7));
            });
            scope.join();
            assertThat(grandchild.get().get()).isEqualTo(42);
        }
    }

    private static void untilWaiting(Thread owner) {
        Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void aSubtaskForksIntoAnEnclosingScope(TaskKind kind) throws Exception {
        AtomicReference<Subtask<String>> outermost = new AtomicReference<>();
        CountDownLatch release = new CountDownLatch(1);
        try (var outer = MixedScope.open()) {
            outer.fork(kind, () -> {
                try (var inner = MixedScope.open()) {
                    inner.fork(
                            kind,
                            () -> outermost.set(outer.fork(kind, () -> {
                                Patience.await(release);
                                return "outlived the inner scope";
                            })));
                    inner.join();
                }
                release.countDown(); // the inner scope is closed, its child's fork lives on in the outer one
            });
            outer.join();
            assertThat(outermost.get().get()).isEqualTo("outlived the inner scope");
        }
    }

    @Test
    void theOwnerOfTwoScopesForksInBoth() throws Exception {
        try (var outer = MixedScope.open()) {
            try (var inner = MixedScope.open()) {
                Subtask<String> below = inner.fork(() -> "inner");
                Subtask<String> above = outer.fork(() -> "outer");
                inner.join();
                assertThat(below.get()).isEqualTo("inner");
                assertThat(above.await()).isEqualTo("outer");
            }
            outer.join();
        }
    }

    @Test
    void joinWaitsForWhatSubtasksForkWhileItWaits() throws Exception {
        int depth = 50;
        AtomicReference<String> deepest = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            scope.fork(() -> forkDown(scope, depth, deepest));
            scope.join();
            assertThat(deepest).hasValue("bottom");
        }
    }

    private static void forkDown(MixedScope<Object, Void> scope, int depth, AtomicReference<String> deepest) {
        if (depth == 0) {
            deepest.set("bottom");
        } else {
            scope.fork(() -> forkDown(scope, depth - 1, deepest));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aThreadOutsideTheTreeIsRefused(boolean virtual) throws Exception {
        try (var scope = MixedScope.open()) {
            Throwable thrown = thrownBy(virtual, () -> scope.fork(() -> "foreign"));
            assertThat(thrown)
                    .isInstanceOf(WrongThreadException.class)
                    .hasMessageContaining(scope.name())
                    .hasMessageContaining("fork");
            scope.join();
        }
    }

    @Test
    void aThreadThatASubtaskStartedByItselfIsRefused() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            scope.fork(() -> thrown.set(thrownBy(true, () -> scope.fork(() -> "smuggled"))));
            scope.join();
        }
        assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
    }

    @Test
    void aSubtaskOfASiblingScopeIsRefused() throws Exception {
        try (var left = MixedScope.open()) {
            left.fork(() -> {
                try (var nested = MixedScope.open()) {
                    CountDownLatch tried = new CountDownLatch(1);
                    AtomicReference<Throwable> thrown = new AtomicReference<>();
                    left.fork(() -> {
                        thrown.set(catchThrowable(() -> nested.fork(() -> "sideways")));
                        tried.countDown();
                    });
                    Patience.await(tried);
                    assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
                    nested.join();
                }
            });
            left.join();
        }
    }

    @Test
    void aRefusedForkLeavesTheScopeUnharmed() throws Exception {
        try (var scope = MixedScope.open()) {
            assertThat(thrownBy(false, () -> scope.fork(() -> "foreign"))).isNotNull();
            Subtask<String> own = scope.fork(() -> "own");
            scope.join();
            assertThat(own.get()).isEqualTo("own");
        }
    }

    @Test
    void afterCloseAlsoASubtaskOfAnEnclosingScopeIsRefused() throws Exception {
        AtomicReference<MixedScope<Object, Void>> closed = new AtomicReference<>();
        try (var outer = MixedScope.open()) {
            try (var inner = MixedScope.open()) {
                closed.set(inner);
                inner.fork(() -> "inner");
                inner.join();
            }
            assertThatThrownBy(() -> closed.get().fork(() -> "late")).isInstanceOf(IllegalStateException.class);
            outer.join();
        }
    }

    private static Throwable catchThrowable(Runnable code) {
        try {
            code.run();
            return null;
        } catch (Throwable e) {
            return e;
        }
    }

    private static Throwable thrownBy(boolean virtual, Runnable code) throws ExecutionException {
        FutureTask<Throwable> task = new FutureTask<>(() -> catchThrowable(code));
        (virtual ? Thread.ofVirtual() : Thread.ofPlatform()).start(task);
        try {
            return task.get(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
