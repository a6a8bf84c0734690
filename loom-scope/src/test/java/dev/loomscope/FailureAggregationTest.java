package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.loomscope.ScopeFailedException.Failure;
import dev.loomscope.core.TaskKind;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many failures at once: each is told once, as it was. */
class FailureAggregationTest {

    @AfterEach
    void noInterruptIsLeftOnTheOwner() {
        assertThat(Thread.interrupted()).as("an interrupt leaked").isFalse();
    }

    private static void assertSound(Throwable thrown) {
        assertNoCycle(thrown, Collections.newSetFromMap(new IdentityHashMap<>()));
        thrown.printStackTrace(new PrintWriter(new StringWriter()));
        if (thrown instanceof ScopeFailedException failed) {
            assertThat(failed.failures()).doesNotHaveDuplicates();
            assertThat(failed.failures())
                    .extracting(Failure::exception)
                    .noneMatch(e -> e instanceof InterruptedException || e instanceof CancellationException);
        }
    }

    private static void assertNoCycle(Throwable thrown, Set<Throwable> above) {
        assertThat(above.add(thrown)).as("%s is its own cause", thrown).isTrue();
        if (thrown.getCause() != null) {
            assertNoCycle(thrown.getCause(), above);
        }
        for (Throwable suppressed : thrown.getSuppressed()) {
            assertNoCycle(suppressed, above);
        }
        above.remove(thrown);
    }

    private static void assertUntouched(Iterable<? extends Throwable> exceptions) {
        for (Throwable exception : exceptions) {
            assertThat(exception.getSuppressed())
                    .as("suppressed on %s", exception)
                    .isEmpty();
            assertThat(exception.getCause()).as("cause of %s", exception).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void whatIsThrownWhileOthersAreCancelledAndInFinallyIsToldOnceEach(TaskKind kind) throws Exception {
        int each = 8;
        List<IllegalStateException> expected = new ArrayList<>();
        IllegalStateException first = new IllegalStateException("first");
        expected.add(first);
        CountDownLatch started = new CountDownLatch(3 * each);
        try (var scope = MixedScope.open()) {
            for (int i = 0; i < each; i++) {
                IllegalStateException inCatch = new IllegalStateException("in catch " + i);
                IllegalStateException inFinally = new IllegalStateException("in finally " + i);
                expected.add(inCatch);
                expected.add(inFinally);
                scope.fork(kind, () -> {
                    started.countDown();
                    try {
                        Patience.forever();
                    } catch (InterruptedException e) {
                        throw inCatch;
                    }
                });
                scope.fork(kind, () -> {
                    started.countDown();
                    try {
                        Patience.forever();
                    } finally {
                        throwIt(inFinally);
                    }
                });
                scope.fork(kind, () -> {
                    started.countDown();
                    Patience.forever();
                });
            }
            scope.fork(kind, () -> {
                Patience.await(started);
                throw first;
            });
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown).hasCause(first);
            assertThat(thrown.failures()).extracting(Failure::exception).containsExactlyInAnyOrderElementsOf(expected);
            assertSound(thrown);
            assertUntouched(expected);
        }
    }

    private static void throwIt(RuntimeException e) {
        throw e;
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void theBodyAndItsChildrenMayThrowAtOnce(TaskKind kind) throws Exception {
        for (int round = 0; round < 30; round++) {
            int children = 4;
            CyclicBarrier together = new CyclicBarrier(children + 1);
            IllegalArgumentException ofBody = new IllegalArgumentException("of the body");
            List<IllegalStateException> ofChildren = new ArrayList<>();
            Throwable thrown = catchThrowable(() -> MixedScope.call(scope -> {
                for (int i = 0; i < children; i++) {
                    IllegalStateException ofChild = new IllegalStateException("of child " + i);
                    ofChildren.add(ofChild);
                    scope.fork(kind, () -> {
                        together.await(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
                        throw ofChild;
                    });
                }
                try {
                    together.await(Patience.LIMIT_SECONDS, TimeUnit.SECONDS);
                } catch (Exception e) {
                    throw ofBody; // the interrupt was quicker
                }
                throw ofBody;
            }));
            assertThat(thrown).isSameAs(ofBody);
            assertThat(thrown.getCause()).isNull();
            assertThat(thrown.getSuppressed()).hasSize(1);
            ScopeFailedException failed = (ScopeFailedException) thrown.getSuppressed()[0];
            assertThat(failed.failures()).isNotEmpty();
            assertThat(ofChildren)
                    .containsAll(failed.failures().stream()
                            .map(failure -> (IllegalStateException) failure.exception())
                            .toList());
            assertSound(failed);
            assertSound(thrown);
            assertUntouched(ofChildren);
        }
    }

    @Test
    void aChildThatWrapsTheExceptionOfTheBodyMakesNoCircle() {
        IllegalArgumentException ofBody = new IllegalArgumentException("of the body");
        IllegalStateException ofChild = new IllegalStateException("of the child", ofBody);
        Throwable thrown = catchThrowable(() -> MixedScope.call(scope -> {
            Subtask<Object> child = scope.fork(() -> {
                throw ofChild;
            });
            Patience.until("it has failed", () -> child.state() == Subtask.State.FAILED);
            throw ofBody;
        }));
        assertThat(thrown).isSameAs(ofBody);
        assertSound(thrown);
        assertThat(ofChild.getSuppressed()).isEmpty();
    }

    @Test
    void failuresOfNestedScopesAreToldOnEachLevelOnce() throws Exception {
        IllegalStateException deep = new IllegalStateException("deep");
        IllegalStateException cleanUp = new IllegalStateException("clean-up");
        CountDownLatch started = new CountDownLatch(2);
        try (var outer = MixedScope.open()) {
            outer.fork("cleaning", () -> {
                started.countDown();
                try {
                    Patience.forever();
                } catch (InterruptedException e) {
                    throw cleanUp;
                }
            });
            outer.fork("idle", () -> {
                try (var inner = MixedScope.open()) {
                    inner.fork(() -> Patience.forever());
                    started.countDown();
                    inner.join();
                }
            });
            outer.fork(
                    "nested",
                    () -> MixedScope.call(inner -> {
                        inner.fork(() -> {
                            Patience.await(started);
                            throw deep;
                        });
                        return Patience.forever();
                    }));
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, outer::join);
            assertThat(thrown.failures()).hasSize(2);
            assertThat(thrown.failures())
                    .extracting(failure -> failure.subtask().name())
                    .containsExactly("nested", "cleaning");
            assertThat(thrown.getCause())
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCause(deep);
            assertSound(thrown);
            assertSound(thrown.getCause());
            assertUntouched(List.of(deep, cleanUp));
        }
    }

    @Test
    void aDaemonAStartedTaskAndAContinuationFailLikeAnyOther() throws Exception {
        CountDownLatch go = new CountDownLatch(1);
        CyclicBarrier together = new CyclicBarrier(3);
        List<IllegalStateException> expected = List.of(
                new IllegalStateException("of the daemon"),
                new IllegalStateException("of the started one"),
                new IllegalStateException("of the continuation"));
        try (var scope = MixedScope.open()) {
            scope.forkDaemon(() -> failTogether(together, expected.get(0)));
            scope.start(ready -> {
                ready.started("ready");
                failTogether(together, expected.get(1));
            });
            scope.fork(() -> Patience.await(go)).then(nothing -> failTogether(together, expected.get(2)));
            go.countDown();
            ScopeFailedException thrown = catchThrowableOfType(ScopeFailedException.class, scope::join);
            assertThat(thrown.failures()).extracting(Failure::exception).containsExactlyInAnyOrderElementsOf(expected);
            assertSound(thrown);
        }
        assertUntouched(expected);
    }

    // Deaf, so that the failure of one does not keep the others from failing.
    private static Object failTogether(CyclicBarrier together, RuntimeException failure) throws Exception {
        Shield.run(() -> together.await(Patience.LIMIT_SECONDS, TimeUnit.SECONDS));
        throw failure;
    }
}
