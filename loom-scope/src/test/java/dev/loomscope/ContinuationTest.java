package dev.loomscope;

import static dev.loomscope.core.TaskKind.BLOCKING;
import static dev.loomscope.core.TaskKind.CPU;
import static dev.loomscope.core.TaskKind.IO;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.loomscope.Subtask.State;
import dev.loomscope.core.Blocking;
import dev.loomscope.core.Cpu;
import dev.loomscope.core.CpuBackend;
import dev.loomscope.core.CpuExecution;
import dev.loomscope.core.CpuRequest;
import dev.loomscope.core.TaskKind;
import dev.loomscope.core.TaskNotSerializableException;
import dev.loomscope.process.ProcessPool;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** then: what runs after a subtask, where it runs, and what becomes of it if there is nothing to continue. */
class ContinuationTest {

    @Cpu
    static String onCpu(Object text) {
        return text + " " + ProcessHandle.current().pid();
    }

    @Blocking
    static String onPlatform(String text) {
        return text + (Thread.currentThread().isVirtual() ? " virtual" : " platform");
    }

    static String onVirtual(String text) {
        return text + (Thread.currentThread().isVirtual() ? " virtual" : " platform");
    }

    @ParameterizedTest
    @EnumSource(TaskKind.class)
    void getsTheResultAndRunsWhereItsOwnCodeSays(TaskKind kind) throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> first = scope.fork(kind, () -> "first");
            Subtask<String> io = first.then(ContinuationTest::onVirtual);
            Subtask<String> blocking = first.then(ContinuationTest::onPlatform);
            Subtask<String> cpu = first.then(ContinuationTest::onCpu);
            scope.join();
            assertThat(List.of(io.kind(), blocking.kind(), cpu.kind())).containsExactly(IO, BLOCKING, CPU);
            assertThat(io.get()).isEqualTo("first virtual");
            assertThat(blocking.get()).isEqualTo("first platform");
            assertThat(cpu.get())
                    .startsWith("first ")
                    .doesNotContain(String.valueOf(ProcessHandle.current().pid()));
        }
    }

    @Test
    void chains() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Integer> length =
                    scope.fork(() -> "four").then(String::length).then(n -> n * 10);
            scope.join();
            assertThat(length.get()).isEqualTo(40);
        }
    }

    @Test
    void runsAlsoAfterOneThatHasEndedLongAgo() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<String> first = scope.fork(() -> "first");
            scope.join();
            Subtask<Integer> second = first.then(String::length);
            assertThatThrownBy(second::get).isInstanceOf(IllegalStateException.class);
            scope.join();
            assertThat(second.get()).isEqualTo(5);
        }
    }

    @Test
    void mayBeAddedBySubtasks() throws Exception {
        AtomicReference<Subtask<Integer>> added = new AtomicReference<>();
        try (var scope = MixedScope.open()) {
            Subtask<String> first = scope.fork(() -> "first");
            scope.fork(() -> added.set(first.then(String::length)));
            scope.join();
            assertThat(added.get().get()).isEqualTo(5);
        }
    }

    @Test
    void isCancelledIfThereIsNothingToContinueAfterAFailure() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> first = scope.fork("first", () -> failing());
            Subtask<Integer> second = first.then(String::length);
            Subtask<Integer> third = second.then(n -> n + 1);
            scope.join();
            assertThat(List.of(second.state(), third.state())).containsOnly(State.CANCELLED);
            assertThat(second.cancelReason().orElseThrow().source()).isEqualTo(CancelReason.Source.PARENT);
            assertThat(second.cancelReason().orElseThrow().text()).contains("first", "FAILED");
            assertThat(second.startedAt()).isEmpty();
        }
    }

    private static String failing() {
        throw new IllegalStateException("nothing to continue");
    }

    @Test
    void theFailureOfTheFirstIsTheOnlyOne() {
        try (var scope = MixedScope.open()) {
            scope.fork(() -> failing()).then(String::length).then(n -> n + 1);
            assertThatThrownBy(scope::join)
                    .isInstanceOfSatisfying(
                            ScopeFailedException.class,
                            thrown -> assertThat(thrown.failures()).hasSize(1))
                    .hasRootCauseMessage("nothing to continue");
        }
    }

    /** Cancelling one subtask is no failure of the scope, and so neither is what would have continued it. */
    @Test
    void ofASubtaskThatWasCancelledAloneDoesNotMakeTheJoinFail() throws Exception {
        try (var scope = MixedScope.open()) {
            Subtask<Void> first = scope.fork(() -> Patience.forever());
            Subtask<String> second = first.then(nothing -> "second");
            Subtask<String> sibling = scope.fork(() -> "sibling");
            first.cancel();
            assertThat(catchThrowable(scope::join)).as("what join threw").isNull();
            assertThat(List.of(first.state(), second.state())).containsOnly(State.CANCELLED);
            assertThat(sibling.get()).isEqualTo("sibling");
        }
    }

    @Test
    void mayBeCancelledAloneWhileItWaits() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        try (var scope = MixedScope.open()) {
            Subtask<String> first = scope.fork(() -> {
                Patience.await(release);
                return "first";
            });
            Subtask<Integer> second = first.then(String::length);
            second.cancel();
            assertThat(second.state()).isEqualTo(State.CANCELLED);
            release.countDown();
            scope.join();
            assertThat(first.get()).isEqualTo("first");
            assertThat(second.startedAt()).isEmpty();
        }
    }

    @Test
    void afterACancelOfTheScopeNeverStarts() throws Exception {
        try (var scope = MixedScope.open(Joiner.awaitAll())) {
            Subtask<String> first = scope.fork(() -> "first");
            scope.join();
            scope.cancel();
            Subtask<Integer> second = first.then(String::length);
            assertThat(second.state()).isEqualTo(State.CANCELLED);
            scope.join();
        }
    }

    @Test
    void isRefusedAfterCloseFromStrangersAndWhenNull() throws Exception {
        MixedScope<Object, Void> scope = MixedScope.open();
        Subtask<String> first = scope.fork(() -> "first");
        assertThatThrownBy(() -> first.then(null)).isInstanceOf(NullPointerException.class);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread.ofPlatform()
                .start(() -> thrown.set(catchThrowable(() -> first.then(String::length))))
                .join();
        assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
        scope.join();
        scope.close();
        assertThatThrownBy(() -> first.then(String::length)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void whoseArgumentCannotBeSentToAWorkerFails() {
        try (var scope = MixedScope.open()) {
            Subtask<Object> first = scope.fork(() -> new Object());
            Subtask<String> second = first.then(ContinuationTest::onCpu);
            assertThatThrownBy(scope::join)
                    .isInstanceOf(ScopeFailedException.class)
                    .hasCauseInstanceOf(TaskNotSerializableException.class);
            assertThat(second.state()).isEqualTo(State.FAILED);
        }
    }

    private static final class Explosive implements Serializable {
        private void writeObject(ObjectOutputStream out) {
            throw new AssertionError("an Error while it is sent");
        }
    }

    @Test
    void whoseArgumentThrowsAnErrorWhileItIsSentFailsAndDoesNotHang() throws Exception {
        List<State> states = Patience.onItsOwnThread(() -> {
            try (var scope = MixedScope.open(Joiner.awaitAll())) {
                Subtask<Object> first = scope.fork(() -> new Explosive());
                Subtask<String> second = first.then(ContinuationTest::onCpu);
                Subtask<Integer> third = first.then(Object::hashCode);
                scope.join();
                return List.of(second.state(), third.state());
            }
        });
        assertThat(states).containsExactly(State.FAILED, State.SUCCESS);
    }

    @Test
    void ofAVeryLongChainAreAllCancelledWithoutAnOverflow() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        List<Subtask<Integer>> chain = new ArrayList<>();
        Patience.onItsOwnThread(() -> {
            try (var scope = MixedScope.open(Joiner.awaitAll())) {
                chain.add(scope.fork(() -> {
                    Patience.await(release);
                    throw new IllegalStateException("the head fails");
                }));
                for (int i = 0; i < 20_000; i++) {
                    chain.add(chain.get(i).then(n -> n + 1));
                }
                release.countDown();
                return scope.join();
            }
        });
        assertThat(chain.subList(1, chain.size())).extracting(Subtask::state).containsOnly(State.CANCELLED);
    }

    @Test
    void ofALongChainAllRun() throws Exception {
        int result = Patience.onItsOwnThread(() -> {
            try (var scope = MixedScope.open()) {
                Subtask<Integer> last = scope.fork(() -> 0);
                for (int i = 0; i < 5_000; i++) {
                    last = last.then(n -> n + 1);
                }
                scope.join();
                return last.get();
            }
        });
        assertThat(result).isEqualTo(5_000);
    }

    @Test
    void oneThatWasCancelledInTimeIsNotMadeReady() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean prepared = new AtomicBoolean();
        CpuBackend watched = new CpuBackend() {
            @Override
            public <T> CpuExecution<T> prepare(CpuRequest<T> request) {
                prepared.set(true);
                return ProcessPool.shared().prepare(request);
            }
        };
        try (var scope = MixedScope.open(c -> c.withCpuBackend(watched))) {
            Subtask<Integer> first = scope.fork(() -> {
                Patience.await(release);
                return 1;
            });
            Subtask<Integer> next = first.then(ContinuationTest::twiceInAWorker);
            next.cancel();
            release.countDown();
            scope.join();
            assertThat(next.state()).isEqualTo(State.CANCELLED);
        }
        assertThat(prepared).isFalse();
    }

    @Cpu
    private static int twiceInAWorker(int n) {
        return 2 * n;
    }
}
