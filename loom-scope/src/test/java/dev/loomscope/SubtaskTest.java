package dev.loomscope;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.TaskKind;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a handle says before, while and after its task runs. */
class SubtaskTest {

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void hasItsResultAfterTheJoin(TaskKind kind) throws Exception {
        MixedScope<Object, Void> scope = MixedScope.open();
        Subtask<String> subtask = scope.fork(kind, () -> "result");
        scope.join();
        assertThat(subtask.state()).isEqualTo(State.SUCCESS);
        assertThat(subtask.get()).isEqualTo("result");
        assertThatThrownBy(subtask::exception)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("SUCCESS");
        scope.close();
        assertThat(subtask.get()).isEqualTo("result");
    }

    @Test
    void hasItsExceptionAfterTheJoin() throws Exception {
        IllegalStateException failure = new IllegalStateException("failure");
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Object> subtask = scope.fork("breaks", () -> {
                throw failure;
            });
            scope.join();
            assertThat(subtask.state()).isEqualTo(State.FAILED);
            assertThat(subtask.exception()).isSameAs(failure);
            assertThatThrownBy(subtask::get)
                    .isInstanceOf(IllegalStateException.class)
                    .hasCause(failure)
                    .hasMessageContaining("breaks");
        }
    }

    @Test
    void ofACancelledTaskHasNeither() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> subtask = scope.fork(() -> Patience.forever());
            scope.cancel("enough");
            scope.join();
            assertThatThrownBy(subtask::get)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("enough");
            assertThatThrownBy(subtask::exception).isInstanceOf(IllegalStateException.class);
        }
    }

    /** As in the JDK: an owner that looks before it joins has a race, even if it would win it today. */
    @Test
    void givesTheOwnerNothingBeforeTheJoin() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> done = scope.fork(() -> "done");
            Subtask<Object> failed = scope.fork(() -> {
                throw new IllegalStateException("failed");
            });
            Patience.until("both have ended", () -> done.state() == State.SUCCESS && failed.state() == State.FAILED);
            assertThatThrownBy(done::get)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("join");
            assertThatThrownBy(failed::exception).isInstanceOf(IllegalStateException.class);
            scope.join();
            assertThat(done.get()).isEqualTo("done");
            assertThat(failed.exception()).hasMessage("failed");
        }
    }

    @Test
    void givesTheOwnerNothingAfterAnInterruptedJoin() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> subtask = scope.fork(() -> "done");
            Thread.currentThread().interrupt();
            assertThatThrownBy(scope::join).isInstanceOf(InterruptedException.class);
            assertThatThrownBy(subtask::get).isInstanceOf(IllegalStateException.class);
            scope.join();
            assertThat(subtask.get()).isEqualTo("done");
        }
    }

    @Test
    void givesSiblingsItsResultOnceItHasEnded() throws Exception {
        AtomicReference<Object> early = new AtomicReference<>();
        AtomicReference<Object> late = new AtomicReference<>();
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            Subtask<String> slow = scope.fork(() -> {
                Patience.await(release);
                return "slow";
            });
            scope.fork(() -> {
                early.set(catchThrowable(slow::get));
                release.countDown();
                Patience.until("it has ended", () -> slow.state() == State.SUCCESS);
                late.set(slow.get());
            });
            scope.join();
        }
        assertThat(early.get()).isInstanceOf(IllegalStateException.class);
        assertThat(late).hasValue("slow");
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void hasTimesInOrder(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Integer> subtask = scope.fork(kind, () -> 1);
            scope.join();
            assertThat(subtask.startedAt()).isPresent();
            assertThat(subtask.startedAt().orElseThrow()).isAfterOrEqualTo(subtask.queuedAt());
            assertThat(subtask.endedAt().orElseThrow())
                    .isAfterOrEqualTo(subtask.startedAt().orElseThrow());
        }
    }

    @Test
    void hasNoTimesOfWhatDidNotHappen() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<Void> running = scope.fork(() -> Patience.await(release));
            Patience.until("it runs", () -> running.startedAt().isPresent());
            assertThat(running.endedAt()).isEmpty();
            release.countDown();
            scope.join();
            scope.cancel();
            Subtask<String> late = scope.fork(() -> "late");
            scope.join();
            assertThat(late.startedAt()).isEmpty();
            assertThat(late.endedAt()).isPresent();
        }
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void saysItsNameKindAndState(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Integer> subtask = scope.fork("render-7", kind, () -> 1);
            assertThat(subtask.name()).isEqualTo("render-7");
            assertThat(subtask.kind()).isEqualTo(kind);
            scope.join();
            assertThat(subtask).asString().contains("render-7", kind.name(), "SUCCESS");
        }
    }

    @Test
    void namesItsThread() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> virtual =
                    scope.fork("v-1", TaskKind.IO, () -> Thread.currentThread().getName());
            Subtask<String> platform = scope.fork(
                    "p-1", TaskKind.BLOCKING, () -> Thread.currentThread().getName());
            scope.join();
            assertThat(virtual.get()).isEqualTo("v-1");
            assertThat(platform.get()).isEqualTo("p-1");
        }
    }
}
