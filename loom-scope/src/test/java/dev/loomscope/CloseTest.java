package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.CancelReason.Source;
import dev.loomscope.Subtask.State;
import dev.loomscope.core.Task;
import dev.loomscope.core.TaskKind;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing outlives the block, on any way out of it. */
class CloseTest {

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void withoutAJoinAfterAForkCancelsWaitsAndComplains(TaskKind kind) {
        MixedScope<Object, Void> scope = MixedScope.open();
        Subtask<Void> subtask = scope.fork(kind, () -> Patience.forever());
        assertThatThrownBy(scope::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(scope.name())
                .hasMessageContaining("join");
        assertThat(subtask.state()).isEqualTo(State.CANCELLED);
        assertThat(subtask.cancelReason().orElseThrow().source()).isEqualTo(Source.OWNER_LEFT);
    }

    @Test
    void withoutAJoinComplainsAlsoIfAllHasEnded() {
        MixedScope<Object, Void> scope = MixedScope.open();
        Subtask<String> subtask = scope.fork(() -> "done");
        Patience.until("it has ended", () -> subtask.state() == State.SUCCESS);
        assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void withoutAJoinTellsOfTheFailuresThatNobodyHeardOf() {
        IllegalStateException failure = new IllegalStateException("unheard");
        MixedScope<Object, Void> scope = MixedScope.open();
        Subtask<Object> subtask = scope.fork(() -> {
            throw failure;
        });
        Patience.until("it has ended", () -> subtask.state() == State.FAILED);
        assertThat(catchThrowable(scope::close))
                .isInstanceOf(IllegalStateException.class)
                .hasRootCause(failure);
    }

    @Test
    void withoutAForkNeedsNoJoin() {
        MixedScope.open().close();
    }

    @Test
    void afterAJoinAndAFurtherForkComplains() throws Exception {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.fork(() -> "first");
        scope.join();
        scope.fork(() -> "second");
        assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anExceptionOfTheBodyLeavesWithTheComplaintSuppressed() {
        IllegalArgumentException own = new IllegalArgumentException("of the body");
        AtomicReference<Subtask<Void>> subtask = new AtomicReference<>();
        assertThatThrownBy(() -> {
                    try (var scope = MixedScope.open()) {
                        subtask.set(scope.fork(() -> Patience.forever()));
                        throw own;
                    }
                })
                .isSameAs(own)
                .satisfies(thrown ->
                        assertThat(thrown.getSuppressed()).singleElement().isInstanceOf(IllegalStateException.class));
        assertThat(subtask.get().state()).isEqualTo(State.CANCELLED);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void waitsForWhatIgnoresItsInterrupt(TaskKind kind) {
        CountDownLatch cancelled = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<Thread> thread = new AtomicReference<>();
        MixedScope<Object, Void> scope = MixedScope.open();
        Subtask<String> deaf = scope.fork(kind, () -> {
            thread.set(Thread.currentThread());
            try {
                return String.valueOf(Patience.forever());
            } catch (InterruptedException e) {
                cancelled.countDown();
                Patience.awaitDeaf(release);
                return "late";
            }
        });
        Patience.until("it has started", () -> deaf.startedAt().isPresent());
        Thread owner = Thread.currentThread();
        Thread.ofPlatform().start(() -> {
            Patience.awaitDeaf(cancelled);
            Patience.until("the owner waits", () -> owner.getState() == Thread.State.WAITING);
            release.countDown();
        });
        assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
        assertThat(deaf.state()).isEqualTo(State.SUCCESS);
        Patience.until("its thread has ended", () -> !thread.get().isAlive());
    }

    @ParameterizedTest
    @EnumSource(names = {"IO", "BLOCKING"})
    void afterAnInterruptedJoinCancelsWhatStillRuns(TaskKind kind) {
        MixedScope<Object, Void> scope = MixedScope.open();
        Subtask<Void> subtask = scope.fork(kind, () -> Patience.forever());
        Thread.currentThread().interrupt();
        assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
        scope.close(); // join was tried: no complaint
        assertThat(subtask.state()).isEqualTo(State.CANCELLED);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keepsAnInterruptOfTheOwner(boolean joined) {
        MixedScope<Object, Void> scope = MixedScope.open();
        if (joined) {
            scope.fork(() -> Patience.forever());
            Thread.currentThread().interrupt();
            assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
        }
        Thread.currentThread().interrupt();
        scope.close();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void keepsAnInterruptThatComesWhileItWaits() {
        CountDownLatch cancelled = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        MixedScope<Object, Void> scope = MixedScope.open();
        Subtask<Object> deaf = scope.fork(() -> {
            try {
                return Patience.forever();
            } finally {
                cancelled.countDown();
                Patience.awaitDeaf(release);
            }
        });
        Patience.until("it has started", () -> deaf.startedAt().isPresent());
        Thread owner = Thread.currentThread();
        Thread.ofPlatform().start(() -> {
            Patience.awaitDeaf(cancelled);
            owner.interrupt();
            release.countDown();
        });
        assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void twiceHasNoEffect() throws Exception {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.fork(() -> "done");
        scope.join();
        scope.close();
        scope.close();
    }

    @Test
    void twiceComplainsOnce() {
        MixedScope<Object, Void> scope = MixedScope.open();
        scope.fork(() -> "done");
        assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class);
        scope.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void onlyTheOwnerMayClose(boolean asSubtask) throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            Runnable tryToClose = () -> thrown.set(catchThrowable(scope::close));
            if (asSubtask) {
                scope.fork(() -> tryToClose.run());
            } else {
                Thread.ofPlatform().start(tryToClose).join();
            }
            scope.join();
            Subtask<String> open = scope.fork(() -> "still open");
            scope.join();
            assertThat(open.get()).isEqualTo("still open");
        }
        assertThat(thrown.get()).isInstanceOf(WrongThreadException.class).hasMessageContaining("close");
    }

    /** As in the JDK: a structure violation is told, and still nothing outlives the outer block. */
    @Test
    void ofAnOuterScopeBeforeAnInnerOneIsToldAndStillContains() throws Exception {
        AtomicReference<Subtask<Void>> forgotten = new AtomicReference<>();
        AtomicReference<String> resource = new AtomicReference<>("open");
        Throwable thrown = Patience.onItsOwnThread(() -> {
            MixedScope<Object, Void> outer = MixedScope.open();
            MixedScope<Object, Void> inner = MixedScope.open();
            forgotten.set(inner.fork(() -> Patience.forever()));
            outer.register(() -> resource.set("closed"));
            return catchThrowable(outer::close);
        });
        assertThat(thrown).as("what close threw").isInstanceOf(RuntimeException.class);
        assertThat(forgotten.get().state()).isEqualTo(State.CANCELLED);
        assertThat(resource).hasValue("closed");
    }

    @Test
    void afterAStructureViolationTheThreadOpensScopesAsBefore() throws Exception {
        String result = Patience.onItsOwnThread(() -> {
            MixedScope<Object, Void> outer = MixedScope.open();
            MixedScope<Object, Void> inner = MixedScope.open();
            assertThat(catchThrowable(outer::close)).isNotNull();
            assertThat(catchThrowable(inner::close)).isNull();
            try (var scope = MixedScope.open()) {
                Subtask<String> subtask = scope.fork(() -> "as before");
                scope.join();
                return subtask.get();
            }
        });
        assertThat(result).isEqualTo("as before");
    }

    // ---------------------------------------------------------------- left open by a task

    /** The threads that the code of a task can run on. */
    private enum RunsOn {
        VIRTUAL(TaskKind.IO, CancelPolicy.INTERRUPT, false),
        PLATFORM(TaskKind.BLOCKING, CancelPolicy.INTERRUPT, false),
        REUSED(TaskKind.BLOCKING, CancelPolicy.INTERRUPT, true),
        ABANDONABLE(TaskKind.BLOCKING, CancelPolicy.ABANDON, false);

        private final TaskKind kind;
        private final CancelPolicy policy;
        private final boolean reused;

        RunsOn(TaskKind kind, CancelPolicy policy, boolean reused) {
            this.kind = kind;
            this.policy = policy;
            this.reused = reused;
        }

        <T> Subtask<T> outcomeOf(Task<T> task) throws Exception {
            return Patience.onItsOwnThread(() -> {
                try (var scope = MixedScope.open(Joiner.awaitAll(), c -> c.withReusedThreads(reused))) {
                    Subtask<T> subtask = scope.withCancelPolicy(policy).fork("careless", kind, task);
                    scope.join();
                    return subtask;
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void aScopeThatATaskLeavesOpenIsClosedWithTheTaskWhichFails(RunsOn where) throws Exception {
        AtomicReference<Subtask<Void>> inside = new AtomicReference<>();
        Subtask<String> careless = where.outcomeOf(() -> {
            MixedScope<Object, Void> leftOpen = MixedScope.open(c -> c.withName("left"));
            inside.set(leftOpen.fork(() -> Patience.forever()));
            return "done";
        });
        assertThat(inside.get().state()).isEqualTo(State.CANCELLED);
        assertThat(careless.exception())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("'careless'")
                .hasMessageContaining("left scope 'left' open")
                .hasMessageContaining("try-with-resources");
    }

    @ParameterizedTest
    @EnumSource
    void whatATaskThrowsThatLeavesAScopeOpenIsItsFailure(RunsOn where) throws Exception {
        IllegalArgumentException thrown = new IllegalArgumentException("mine");
        try (LogTail log = new LogTail(ScopedSubtask.class)) {
            Subtask<String> careless = where.outcomeOf(() -> {
                MixedScope.open();
                throw thrown;
            });
            assertThat(careless.exception()).isSameAs(thrown).hasNoSuppressedExceptions();
            assertThat(log.warnings("'careless'")).hasSize(1);
        }
    }
}
